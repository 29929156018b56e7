package mail_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/stretchr/testify/require"
)

func textsOf(t *testing.T, file string) map[string]string {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	texts := map[string]string{}
	require.NoError(t, json.Unmarshal(content, &texts))
	return texts
}

// placeholdersOf leaves out the parts of a date, which each language composes
// in its own way.
func placeholdersOf(key, text string) []string {
	if strings.HasPrefix(key, "mail.day.") || strings.HasPrefix(key,
		"mail.time.") {
		return nil
	}
	found := regexp.MustCompile(`\{[^}]*\}`).FindAllString(text, -1)
	slices.Sort(found)
	return found
}

// Whoever adds a language sees all that it lacks at once.
//
//lostkey:covers ASVS-6.4.2
func TestEveryLanguageHasEveryTextAndSaysTheSameFacts(t *testing.T) {
	t.Parallel()
	english := textsOf(t, "locales/en.json")
	files, err := filepath.Glob("locales/*.json")
	require.NoError(t, err)
	require.Greater(t, len(files), 1)
	templates := builtin(t)

	var faults []string
	for _, file := range files {
		tag := strings.TrimSuffix(filepath.Base(file), ".json")
		for _, key := range templates.Missing(tag) {
			faults = append(faults, fmt.Sprintf("%s lacks %q", file, key))
		}

		texts := textsOf(t, file)
		for _, key := range slices.Sorted(maps.Keys(english)) {
			text, found := texts[key]
			want := placeholdersOf(key, english[key])
			if found && !slices.Equal(want, placeholdersOf(key, text)) {
				faults = append(faults, fmt.Sprintf("%s: %q wants %q", file, key, want))
			}
		}
	}

	require.Empty(t, faults, strings.Join(faults, "\n"))
}

// LoadTexts is what the pages are built on.
func TestLoadedTextsAreCompleteInEveryLanguage(t *testing.T) {
	t.Parallel()
	english := textsOf(t, "locales/en.json")
	languages, err := mail.LoadTexts(override(map[string]string{
		"locales/pl.json":    `{"page.signin": "Zaloguj się", "ours.x": "y"}`,
		"locales/de-CH.json": `{"page.signin": "Login"}`,
	}))
	require.NoError(t, err)
	require.Len(t, languages, 7)

	for tag, texts := range languages {
		for key := range english {
			require.NotEmpty(t, texts[key], "%s: %s", tag, key)
		}
	}
	require.Equal(t, "Zaloguj się", languages["pl"]["page.signin"])
	require.Equal(t, "y", languages["pl"]["ours.x"])
	require.Equal(t, english["page.forgot.title"],
		languages["pl"]["page.forgot.title"])
	require.Equal(t, "Login", languages["de-CH"]["page.signin"])
	require.Equal(t, languages["de"]["page.forgot.title"],
		languages["de-CH"]["page.forgot.title"])

	languages["en"]["page.signin"] = "x"
	fresh, err := mail.LoadTexts(nil)
	require.NoError(t, err)
	require.Equal(t, english["page.signin"], fresh["en"]["page.signin"])
}

func TestTextsThatNothingWouldReadAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string][2]string{
		"locales/not_a_tag.json": {"{}", "not_a_tag"},
		"locales/pt-br.json":     {"{}", "the file is called"},
		"locales/de.json":        {`{"page.signn": "x"}`, "page.signn"},
		"locales/fr.json":        {`{"mail.sendr": "x"}`, "mail.sendr"},
		"locales/es.json":        {`{"page.signin": "{x}"}`, "{x}"},
	} {
		_, err := mail.LoadTexts(override(map[string]string{name: c[0]}))
		require.ErrorContains(t, err, c[1])
		require.ErrorContains(t, err, "mail: ")
	}
}
