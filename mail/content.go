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
	case data.Link == "":
		return nil
	case strings.Contains(content.Subject, data.Link):
		return errors.New("the subject holds the link")
	case !aloneOnLine(content.Text, data.Link):
		return errors.New("the text part does not show the link alone on a line")
	case !strings.Contains(html.UnescapeString(content.HTML), `href="`+data.Link+`"`):
		return errors.New("the HTML part does not link to the link")
	}
	return nil
}

func aloneOnLine(text, link string) bool {
	return slices.Contains(strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), link)
}
