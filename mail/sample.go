package mail

import (
	"errors"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"
)

// sampleLink is as long as a real one and cannot verify anywhere.
var sampleLink = "https://app.example/reset-password/#token=" +
	strings.Repeat("c2FtcGxl", 8) + "." +
	strings.Repeat("bm90LWEtcmVhbC1saW5r", 6) + "." + strings.Repeat("A", 43)

// SampleData returns made-up data with every field that the kind uses, for
// previews and for tests of a Renderer. Its links lead nowhere.
func SampleData(kind Kind, locale string) Data {
	data := Data{
		Kind:      kind,
		Locale:    locale,
		Product:   "Example",
		Site:      "https://app.example",
		Support:   "support@app.example",
		At:        time.Date(2026, time.November, 21, 2, 10, 0, 0, time.UTC),
		Client:    "Firefox, Linux",
		ForgotURL: "https://app.example/forgot-password",
		LoginURL:  "https://app.example/login",
	}

	if kind != KindNoAccount {
		data.Label = "ana-pereira"
	}
	switch kind {
	case KindReset:
		data.Link = sampleLink
		data.Lifetime = time.Hour
	case KindInvite:
		data.Client = ""
		data.Link = sampleLink
		data.Lifetime = 3 * 24 * time.Hour
	case KindPasswordChanged:
		data.SessionsEnded = true
		data.DisputeLink = strings.Replace(sampleLink, "/#", "/dispute/#", 1)
		data.Lifetime = 7 * 24 * time.Hour
	case KindNoAccount, KindSignsInElsewhere:
	default:
		data.Link = sampleLink
		data.Lifetime = 24 * time.Hour
	}
	if data.Lifetime > 0 {
		data.ExpiresAt = data.At.Add(data.Lifetime)
	}
	return data
}

// try writes every mail of some languages once with all that it can hold, and
// once with as little as it may.
func (t *Templates) try(tags []string) error {
	for _, tag := range tags {
		for _, kind := range t.kinds {
			full := SampleData(kind, tag)
			least := Data{
				Kind:      kind,
				Locale:    tag,
				Product:   full.Product,
				Site:      full.Site,
				Link:      full.Link,
				ExpiresAt: full.ExpiresAt,
				At:        full.At,
			}

			for _, data := range []Data{full, least} {
				msg, err := t.Render(data)
				if err != nil {
					return err
				}
				if err := validateLink(data, msg); err != nil {
					return fmt.Errorf("mail: %s in %s: %w", kind, tag, err)
				}
			}
		}
	}
	return nil
}

// validateLink holds what every mail must satisfy, whoever wrote its templates.
func validateLink(data Data, msg Message) error {
	lines := strings.Split(strings.ReplaceAll(msg.Text, "\r\n", "\n"), "\n")
	switch {
	// What html/template writes in place of a value that is not safe there.
	case strings.Contains(msg.HTML, "ZgotmplZ"):
		return errors.New("the HTML part has a value where html/template" +
			" allows none")
	case data.Link == "":
		return nil
	case !slices.Contains(lines, data.Link):
		return errors.New("the text part does not show the link alone on a" +
			" line")
	case !strings.Contains(html.UnescapeString(msg.HTML), data.Link):
		return errors.New("the HTML part does not show the link")
	}
	return nil
}
