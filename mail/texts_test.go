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
