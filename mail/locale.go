package mail

import (
	"fmt"
	"strings"
	"text/template"
	"time"
)

// locale is one language: its mails, and what dates and durations look like in it.
type locale struct {
	tag    string
	shared *template.Template // holds the blocks of common.tmpl
	mails  map[Kind]*parts

	// Worked out once, so that a mail costs less and every plural form is tried at construction.
	months               [12]string
	minutes, hours, days []string // by number less one
}

// view is what a template is executed with. It is flat because text/template finds fields of embedded structs slowly.
type view struct {
	Kind                                         Kind
	Locale, Product, Site, Support, Link, Client string
	ForgotURL, LoginURL                          string
	ExpiresAt, At                                time.Time
	Lifetime                                     time.Duration
	SessionsEnded                                bool
	URL, When, Until, Valid                      string
}

func (l *locale) view(d Data) (*view, error) {
	v := &view{
		Kind: d.Kind, Locale: l.tag, Product: d.Product, Site: d.Site, Support: d.Support,
		Link: d.Link, Client: knownClient(d.Client), ForgotURL: d.ForgotURL, LoginURL: d.LoginURL,
		ExpiresAt: d.ExpiresAt, At: d.At, Lifetime: d.Lifetime, SessionsEnded: d.SessionsEnded,
		URL: d.action(),
	}
	var err error
	if v.When, err = l.date(d.At); err != nil {
		return nil, err
	}
	if d.hasLink() {
		if v.Until, err = l.date(d.ExpiresAt); err != nil {
			return nil, err
		}
		if v.Valid, err = l.duration(d.lifetime()); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// moment is what the date block of a locale is given.
type moment struct {
	Weekday, Day, Year, Hour int // Weekday counts from Sunday = 1
	Month                    string
	Minute, Clock, Zone      string
	FirstDay, OneOClock      bool // the two numbers that languages like to treat apart
}

func (l *locale) date(at time.Time) (string, error) {
	zone := "UTC"
	if _, offset := at.Zone(); offset != 0 {
		zone += at.Format("-07:00")
	}
	clock := at.Format("15:04")
	year, month, day := at.Date()
	return l.format("date", &moment{
		Weekday: int(at.Weekday()) + 1, Day: day, Year: year, Hour: at.Hour(),
		Month: l.months[month-1], Minute: clock[len("15:"):], Clock: clock, Zone: zone,
		FirstDay: day == 1, OneOClock: at.Hour() == 1,
	})
}

// duration never says more than is true: it rounds down, to minutes up to three hours, to hours up to three
// days, to days beyond. What is less than a minute is called one; the clock time beside it is exact.
func (l *locale) duration(d time.Duration) (string, error) {
	switch hours := int(d / time.Hour); {
	case d%(24*time.Hour) == 0 && hours >= 48, hours >= 72:
		return l.count("days", l.days, hours/24)
	case d%time.Hour == 0, hours >= 3:
		return l.count("hours", l.hours, hours)
	}
	return l.count("minutes", l.minutes, max(1, int(d/time.Minute)))
}

func (l *locale) count(block string, known []string, n int) (string, error) {
	if n <= len(known) {
		return known[n-1], nil
	}
	return l.format(block, n)
}

// learn fills the tables. It fails on a plural form or a month that the locale's templates have no word for.
func (l *locale) learn() error {
	for i := range l.months {
		name, err := l.format("month", i+1)
		if err != nil {
			return err
		}
		l.months[i] = name
	}
	for _, unit := range []struct {
		block string
		words *[]string
		up    int
	}{{"minutes", &l.minutes, 180}, {"hours", &l.hours, 72}, {"days", &l.days, 31}} {
		for n := 1; n <= unit.up; n++ {
			words, err := l.format(unit.block, n)
			if err != nil {
				return err
			}
			*unit.words = append(*unit.words, words)
		}
	}
	return nil
}

func (l *locale) format(block string, value any) (string, error) {
	var b strings.Builder
	b.Grow(64)
	if err := l.shared.ExecuteTemplate(&b, block, value); err != nil {
		return "", fmt.Errorf("mail: %w", err)
	}
	return b.String(), nil
}
