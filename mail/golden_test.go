package mail_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/stretchr/testify/require"
)

// The golden files in testdata are renewed by
//
//	go test ./mail -run GoldenFile -update
//
// Look at the difference before you commit it.
var update = flag.Bool("update", false, "write the golden files anew")

//lostkey:covers FP-CS-12 63B-4.6
func TestEveryMailInEveryLocaleIsItsGoldenFile(t *testing.T) {
	t.Parallel()
	templates, err := mail.NewTemplates(mail.TemplatesConfig{})
	require.NoError(t, err)

	for _, locale := range templates.Locales() {
		for _, kind := range mail.BuiltInKinds() {
			msg := sample(t, templates, mail.SampleData(kind, locale))
			encoded, err := mail.Encode(msg)
			require.NoError(t, err)
			wellFormed(t, encoded)

			text, html := bodies(t, encoded)
			require.Equal(t, msg.Text, text)
			require.Equal(t, msg.HTML, html)

			name := filepath.Join("testdata", locale+"-"+string(kind)+".eml")
			if *update {
				require.NoError(t, os.WriteFile(name, encoded, 0o600))
			}
			golden, err := os.ReadFile(name)
			require.NoError(t, err)
			require.Equal(t, string(golden), string(encoded), name)
		}
	}
}
