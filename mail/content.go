package mail

import (
	"errors"
	"html"
	"slices"
	"strings"
)

// checkContent holds what every rendering must satisfy, whoever wrote its templates.
func checkContent(data Data, content Content) error {
	switch {
	// What html/template writes in place of a value that is not safe where it stands.
	case strings.Contains(content.HTML, "ZgotmplZ"):
		return errors.New("the HTML part has a value where html/template does not allow one")
	case data.Link == "":
		return nil
	case strings.Contains(content.Subject, data.Link):
		return errors.New("the subject holds the link")
	case !aloneOnLine(content.Text, data.Link):
		return errors.New("the text part does not show the link alone on a line")
	case !strings.Contains(html.UnescapeString(content.HTML), data.Link):
		return errors.New("the HTML part does not show the link")
	}
	return nil
}

func aloneOnLine(text, link string) bool {
	return slices.Contains(strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), link)
}
