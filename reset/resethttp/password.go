package resethttp

import (
	"strconv"
	"strings"

	"github.com/lostkey-go/lostkey/reset/policy"
)

// passwordText returns the sentence for one problem of a password. A code that
// the locale does not know, of a policy of the application's own perhaps,
// becomes a plain request for another password.
func passwordText(table texts, of policy.Problem) string {
	text, ok := table["password."+string(of.Code)]
	if !ok {
		text = table["password.refused"]
	}
	return strings.NewReplacer(
		"{min}", strconv.Itoa(of.Min),
		"{max}", strconv.Itoa(of.Max),
	).Replace(text)
}
