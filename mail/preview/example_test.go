package preview_test

import (
	"fmt"
	"net/http"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/preview"
)

func ExampleNew() {
	templates, err := mail.NewTemplates(mail.TemplatesConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	handler, err := preview.New(preview.Config{Renderer: templates})
	if err != nil {
		fmt.Println(err)
		return
	}

	mux := http.NewServeMux()
	mux.Handle("/dev/mail", handler) // for development alone
	fmt.Println("http://localhost:8080/dev/mail")
	// Output: http://localhost:8080/dev/mail
}
