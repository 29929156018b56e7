package mail

import (
	"strconv"
	"time"
)

// locale is one language with all its texts.
type locale struct {
	tag   string
	texts texts
}

// view is what the templates are executed with, see [Templates].
type view struct {
	Data
	Direction string
	URL       string

	When, Until, Valid          string
	Title, What, Action, Button string
	Copy, Expiry, NotYou        string
	Contact, Sender             string

	subject string
}

// view puts data into words.
func (l *locale) view(d Data) *view {
	d.Locale, d.Client = l.tag, knownClient(d.Client)

	v := &view{
		Data:      d,
		Direction: l.texts["direction"],
		URL:       d.action(),
		When:      l.date(d.At),
	}
	if d.hasLink() {
		v.Until = l.date(d.ExpiresAt)
		v.Valid = l.duration(d.lifetime())
	}

	when := v.When
	if d.Client != "" && d.Kind != KindInvite {
		when = fill(l.texts["mail.when-with-client"],
			"{when}", v.When, "{client}", d.Client)
	}
	say := func(key string) string {
		return fill(l.texts["mail."+key],
			"{product}", d.Product, "{support}", d.Support,
			"{when}", when, "{until}", v.Until, "{lifetime}", v.Valid)
	}

	kind := string(d.Kind)
	v.subject, v.Title = say(kind+".subject"), say(kind+".title")
	v.What = say(kind + ".what")
	if d.Kind == KindPasswordChanged && d.SessionsEnded {
		v.What = say(kind + ".what-signed-out")
	}
	v.Action, v.Button = say(kind+".action"), say(kind+".button")
	v.NotYou = say(kind + ".not-you")

	v.Copy, v.Sender = say("copy"), say("sender")
	if d.hasLink() {
		v.Expiry = say("expiry")
	}
	if d.Support != "" {
		v.Contact = say("contact")
	}
	return v
}

// date writes a moment in its own zone.
func (l *locale) date(at time.Time) string {
	zone := "UTC"
	if _, offset := at.Zone(); offset != 0 {
		zone += at.Format("-07:00")
	}

	// Some languages treat the first day of a month and one o'clock apart.
	dayForm, timeForm := "other", "other"
	if at.Day() == 1 {
		dayForm = "one"
	}
	if at.Hour() == 1 {
		timeForm = "one"
	}
	day := fill(l.texts["mail.day."+dayForm], "{n}", strconv.Itoa(at.Day()))
	clock := fill(l.texts["mail.time."+timeForm],
		"{clock}", at.Format("15:04"),
		"{hour}", strconv.Itoa(at.Hour()),
		"{minute}", at.Format("04"))

	return fill(l.texts["mail.date"],
		"{day}", day,
		"{month}", l.texts["mail.month."+strconv.Itoa(int(at.Month()))],
		"{year}", strconv.Itoa(at.Year()),
		"{time}", clock,
		"{zone}", zone)
}

// duration never says more than is true. It rounds down, to minutes up to three
// hours, to hours up to three days, and to days beyond. Less than a minute is
// called one, because the exact time stands beside it.
func (l *locale) duration(d time.Duration) string {
	switch hours := int(d / time.Hour); {
	case d%(24*time.Hour) == 0 && hours >= 48, hours >= 72:
		return l.count("days", hours/24)
	case d%time.Hour == 0, hours >= 3:
		return l.count("hours", hours)
	}
	return l.count("minutes", max(1, int(d/time.Minute)))
}

// count writes a number with its unit.
func (l *locale) count(unit string, n int) string {
	text, found := l.texts[unit+"."+Plural(l.tag, n)]
	if !found {
		text = l.texts[unit+".other"]
	}
	return fill(text, "{n}", strconv.Itoa(n))
}
