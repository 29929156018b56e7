package resethttp

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset/policy"
)

// english is the language for visitors whose own is not there, unless another
// is configured.
const english = "en"

// language is one language with the texts of the pages, by their keys. They
// stand in one file with those of the mails.
type language struct {
	tag   string
	texts map[string]string
}

// languages are those that the pages are in.
type languages struct {
	tags     []string // sorted
	texts    map[string]map[string]string
	fallback string
}

func newLanguages(host fs.FS, fallback string) (languages, error) {
	all, err := mail.LoadTexts(host)
	if err != nil {
		return languages{}, fmt.Errorf("resethttp: Config.Files: %w", err)
	}

	l := languages{tags: slices.Sorted(maps.Keys(all)), texts: all}
	fallback = cmp.Or(fallback, english)
	i := slices.IndexFunc(l.tags, func(tag string) bool {
		return strings.EqualFold(tag, fallback)
	})
	if i < 0 {
		return languages{}, fmt.Errorf(
			"resethttp: Config.Locale is %q, want one of %q", fallback, l.tags,
		)
	}
	l.fallback = l.tags[i]
	return l, nil
}

// match returns the best language for a list of those that a visitor reads.
func (l languages) match(wanted string) language {
	tag := cmp.Or(mail.MatchLocale(l.tags, wanted), l.fallback)
	return language{tag, l.texts[tag]}
}

// duration puts minutes into words, as hours where they are a whole number of
// them.
func (l language) duration(minutes int) string {
	n, unit := minutes, "minutes"
	if n%60 == 0 && n > 0 {
		n, unit = n/60, "hours"
	}

	text, found := l.texts[unit+"."+mail.Plural(l.tag, n)]
	if !found {
		text = l.texts[unit+".other"]
	}
	return strings.ReplaceAll(text, "{n}", strconv.Itoa(n))
}

// nearExpiry is below how many minutes a page tells that its link expires.
const nearExpiry = 10

// countdown returns the sentence that tells when a link expires, and what goes
// in place of its {wait} for each number of minutes below nearExpiry, with '|'
// between them.
func (l language) countdown() string {
	parts := []string{l.texts["page.reset.expires"]}
	for minutes := range nearExpiry - 1 {
		parts = append(parts, l.duration(minutes+1))
	}
	return strings.Join(parts, "|")
}

// lifetime rounds down and wait rounds up, so that neither says more than is
// true.
func (l language) lifetime(of time.Duration) string {
	return l.duration(max(1, int(of/time.Minute)))
}

func (l language) wait(of time.Duration) string {
	return l.duration(int((of + time.Minute - 1) / time.Minute))
}

// password returns the sentence for one problem of a password. A code that the
// language does not know, of a policy of the application's own perhaps, becomes
// a plain request for another password.
func (l language) password(problem policy.Problem) string {
	text, found := l.texts["page.password."+string(problem.Code)]
	if !found {
		text = l.texts["page.password.refused"]
	}
	return strings.NewReplacer(
		"{min}", strconv.Itoa(problem.Min),
		"{max}", strconv.Itoa(problem.Max),
	).Replace(text)
}
