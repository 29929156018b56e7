package smtpmail_test

import (
	"errors"
	"fmt"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/smtpmail"
)

func ExampleNew() {
	mailer, err := smtpmail.New(smtpmail.Config{
		// in a program: os.Getenv("SMTP_URL")
		URL: "smtps://account:p%40ssword@smtp.example:465",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = mailer.Close() }()

	fmt.Println(mailer) // prints without the password

	_, err = smtpmail.New(smtpmail.Config{
		URL: "smtp://account:p@ssword@smtp.example?tls=off",
	})
	fmt.Println(err)
	// Output:
	// *smtpmail.Mailer
	// smtpmail: Config.URL has something after the port, want nothing
}

func ExampleError() {
	// What a Send came back with when a mailbox does not exist.
	var err error = &mail.SendError{
		Verdict: mail.VerdictPermanent,
		Err: &smtpmail.Error{
			Stage: "rcpt", Code: 550, Status: "5.1.1",
		},
	}

	cause, ok := errors.AsType[*smtpmail.Error](err)
	if ok && cause.Stage == "rcpt" {
		fmt.Println("mark the address as dead:", cause.Code, cause.Status)
	}
	fmt.Println(err)
	// Output:
	// mark the address as dead: 550 5.1.1
	// mail: permanent failure: smtpmail: rcpt: the server answered 550 5.1.1
}
