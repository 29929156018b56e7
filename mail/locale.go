package mail

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// locale is one language with all its texts.
type locale struct {
	tag     string
	texts   texts
	missing []string // keys that the language's own files do not have
}

// view is what the templates are executed with, see [Templates].
type view struct {
	Data

	// Templates find the fields of Data as well, but those that most mails show
	// cost less here.
	Locale, Site, Support string

	Direction string
	URL       string

	When, Until, Valid          string
	Title, What, Action, Button string
	Account, Copy, Expiry       string
	Dispute, DisputeButton      string
	NotYou, Contact, Sender     string
	Preheader                   string

	// Contact in three parts, for a link in its middle.
	ContactBefore, Mailto, ContactAfter string

	Wordmark, Initial     string
	Logo, LogoAlt         string
	LogoWidth, LogoHeight int

	subject string
}

// view puts data into words. The brand is resolved.
func (l *locale) view(d Data, b Brand) *view {
	d.Locale, d.Client = l.tag, knownClient(d.Client)
	if len(d.Label) > maxName || !cleanLine(d.Label) {
		d.Label = ""
	}

	v := &view{
		Data:      d,
		Locale:    l.tag,
		Site:      d.Site,
		Support:   d.Support,
		Direction: l.texts["direction"],
		URL:       d.action(),
		When:      l.date(d.At),
	}
	if d.hasLink() || d.DisputeLink != "" {
		v.Until = l.date(d.ExpiresAt)
	}
	if d.hasLink() {
		v.Valid = l.duration(d.lifetime())
	}
	v.brand(b)
	l.sentences(v)
	return v
}

// brand fills in what stands at the top of a mail.
func (v *view) brand(b Brand) {
	v.Wordmark = cmp.Or(b.Wordmark, v.Product)
	first, _ := utf8.DecodeRuneInString(v.Wordmark)
	if unicode.IsLetter(first) || unicode.IsDigit(first) {
		v.Initial = string(unicode.ToUpper(first))
	}

	if v.Logo = b.Logo; strings.HasPrefix(v.Logo, "/") {
		v.Logo = origin(v.Site) + v.Logo
	}
	v.LogoAlt = cmp.Or(b.LogoAlt, v.Wordmark)
	v.LogoWidth, v.LogoHeight = b.LogoWidth, b.LogoHeight
}

// sentences fills in all texts but dates.
func (l *locale) sentences(v *view) {
	when := v.When
	if v.Client != "" && v.Kind != KindInvite {
		when = fill(l.texts["mail.when-with-client"],
			"{when}", v.When, "{client}", v.Client)
	}
	say := func(key string) string {
		return fill(l.texts[key],
			"{product}", v.Product, "{support}", v.Support, "{label}", v.Label,
			"{site}", v.Site,
			"{when}", when, "{until}", v.Until, "{lifetime}", v.Valid)
	}

	of := v.Kind.keys()
	v.subject, v.Title = say(of+"subject"), say(of+"title")
	v.What = say(of + "what")
	if v.Kind == KindPasswordChanged && v.SessionsEnded {
		v.What = say(of + "what-signed-out")
	}
	v.Action, v.Button = say(of+"action"), say(of+"button")
	v.NotYou = say(of + "not-you")
	if v.DisputeLink != "" {
		v.Dispute, v.DisputeButton = say(of+"dispute"), say(of+"dispute-button")
	}

	v.Copy, v.Sender = say("mail.copy"), say("mail.sender")
	if v.Label != "" {
		v.Account = say("mail.account")
	}
	v.Preheader = v.What
	if v.hasLink() {
		v.Expiry = say("mail.expiry")
		v.Preheader = v.Expiry
	}

	if v.Support != "" {
		v.Contact = say("mail.contact")
		before, after, found := strings.Cut(v.Contact, v.Support)
		if found {
			v.ContactBefore, v.ContactAfter = before, after
			v.Mailto = url.PathEscape(v.Support)
		}
	} else if v.Kind == KindPasswordChanged && !v.NoContact {
		v.Contact = say("mail.contact-site")
	}
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
	text, found := l.texts[unit+"."+PluralForm(l.tag, n)]
	if !found {
		text = l.texts[unit+"."+pluralOther]
	}
	return fill(text, "{n}", strconv.Itoa(n))
}
