package smtpmail

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/wneessen/go-mail/smtp"
)

// maxIterations bounds the work a server can ask of a SCRAM client, which no
// ctx can interrupt. Servers use 4,096 (RFC 5802) to some hundred thousands.
const maxIterations = 1_000_000

// mechanism picks what the server offers and the configuration has credentials
// for.
func (s *settings) mechanism(
	ctx context.Context, offered string,
) (smtp.Auth, error) {
	offers := strings.Fields(strings.ToUpper(offered))
	has := func(name string) bool { return slices.Contains(offers, name) }
	username, password := s.credentials()

	if s.AccessToken != nil {
		if !has("XOAUTH2") {
			return nil, failure(mail.VerdictPermanent, stageAuth,
				"the server does not offer XOAUTH2", nil)
		}
		access, err := s.AccessToken(ctx)
		if err != nil {
			return nil, failure(mail.VerdictTemporary, stageAuth,
				"Config.AccessToken failed", err)
		}
		return smtp.XOAuth2Auth(username, access), nil
	}

	switch {
	case has("SCRAM-SHA-256"):
		return boundedSCRAM{smtp.ScramSHA256Auth(username, password)}, nil
	case has("SCRAM-SHA-1"):
		return boundedSCRAM{smtp.ScramSHA1Auth(username, password)}, nil
	case has("PLAIN"):
		return smtp.PlainAuth("", username, password, s.Host, false), nil
	case has("LOGIN"):
		return smtp.LoginAuth(username, password, s.Host, false), nil
	}
	return nil, failure(mail.VerdictPermanent, stageAuth, "the server offers"+
		" none of SCRAM-SHA-256, SCRAM-SHA-1, PLAIN and LOGIN", nil)
}

// boundedSCRAM refuses a server's iteration count before the client works on
// it.
type boundedSCRAM struct{ smtp.Auth }

func (a boundedSCRAM) Next(fromServer []byte, more bool) ([]byte, error) {
	if !bytes.HasPrefix(fromServer, []byte("r=")) {
		return a.Auth.Next(fromServer, more)
	}

	for field := range bytes.SplitSeq(fromServer, []byte(",")) {
		count, found := bytes.CutPrefix(field, []byte("i="))
		if !found {
			continue
		}
		n, err := strconv.Atoi(string(count))
		if err != nil || n < 1 || n > maxIterations {
			return nil, errors.New("smtpmail: SCRAM iteration count" +
				" out of bounds")
		}
	}
	return a.Auth.Next(fromServer, more)
}
