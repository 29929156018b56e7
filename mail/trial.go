package mail

import (
	"fmt"
	"strings"
	"time"
)

// sampleLink is as long as a real one and cannot verify anywhere.
var sampleLink = "https://app.example/reset-password#token=" + strings.Repeat("c2FtcGxl", 8) + "." +
	strings.Repeat("bm90LWEtcmVhbC1saW5r", 6) + "." + strings.Repeat("A", 43)

// SampleData returns made-up data for one kind, with every field that the kind uses filled in: for previews and
// for tests of a [Renderer]. The link leads nowhere.
func SampleData(kind Kind, locale string) Data {
	at := time.Date(2026, time.November, 21, 2, 10, 0, 0, time.UTC)
	data := Data{
		Kind:      kind,
		Locale:    locale,
		Product:   "Example",
		Site:      "https://app.example",
		Support:   "support@app.example",
		At:        at,
		Client:    "Firefox, Linux",
		ForgotURL: "https://app.example/forgot-password",
		LoginURL:  "https://app.example/login",
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
	}
	if data.Lifetime > 0 {
		data.ExpiresAt = at.Add(data.Lifetime)
	}
	return data
}

// trial runs every template once with all that a mail can hold, and once with as little as it may.
func (t *Templates) trial() error {
	for _, loc := range t.locales {
		for kind := range loc.mails {
			full := SampleData(kind, loc.tag)
			least := Data{
				Kind: kind, Locale: loc.tag, Product: full.Product, Site: full.Site,
				Link: full.Link, ExpiresAt: full.ExpiresAt, At: full.At,
			}
			for _, data := range []Data{full, least} {
				content, err := t.Render(data)
				if err != nil {
					return err
				}
				if err := checkContent(data, content); err != nil {
					return fmt.Errorf("mail: %s/%s: %w", loc.tag, kind, err)
				}
			}
		}
		for month := time.January; month <= time.December; month++ {
			if _, err := loc.date(time.Date(2026, month, int(month), 1, 1, 0, 0, time.UTC)); err != nil {
				return err
			}
		}
	}
	return nil
}
