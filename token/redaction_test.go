package token_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	lostkey "github.com/lostkey-go/lostkey/token"
)

// canaries are what must never be printed, in each form that a printer may
// give it.
func canaries(secrets ...string) []string {
	var all []string
	for _, secret := range secrets {
		part := secret[:min(len(secret), 12)]
		raw := []byte(part)
		quoted, _ := json.Marshal(part)
		goSyntax := strings.TrimPrefix(fmt.Sprintf("%#v", raw), "[]byte{")
		all = append(all,
			part,
			hex.EncodeToString(raw),
			strings.ToUpper(hex.EncodeToString(raw)),
			fmt.Sprintf("% x", part),
			fmt.Sprintf("%#x", part)[2:],
			base64.StdEncoding.EncodeToString(raw)[:12],
			base64.RawURLEncoding.EncodeToString(raw)[:12],
			strings.Trim(fmt.Sprintf("%q", part), `"`),
			strings.Trim(fmt.Sprintf("%+q", part), `"`),
			strings.Trim(string(quoted), `"`),
			strings.TrimSuffix(goSyntax, "}"),
			strings.Trim(fmt.Sprintf("%d", raw), "[]"),
			strings.Trim(fmt.Sprintf("%b", raw), "[]"),
			strings.Trim(fmt.Sprintf("%o", raw), "[]"),
		)
	}

	return all
}

// exposure is a value of an exported type, and the secrets that it must not
// show.
type exposure struct {
	value    any
	canaries []string
}

func exposures(t *testing.T) map[string]exposure {
	t.Helper()
	secret := secretOf(1)
	k := newKey(t, keyID, secret)
	ring := newRing(t, k, newKey(t, "2026-05", secretOf(2)))
	cfg := lostkey.Config{
		Site: site, Keys: ring, Purposes: own("own"), Now: issuedAt,
	}
	s := newSigner(t, cfg)
	mac, err := ring.Derive(site, "jobs")
	require.NoError(t, err)
	mac.Sum([]byte("message"))

	state := annWith(func(s *lostkey.State) {
		s.Stamp = lostkey.Hide("stamp-canary-of-ann")
	})
	issued := issue(t, s, lostkey.PurposeReset, state, 0)
	claims, err := verify(t, s, issued.Reveal(), lostkey.PurposeReset, state)
	require.NoError(t, err)
	changed := state
	changed.PasswordHash = lostkey.Hide(state.PasswordHash.Reveal() + "x")
	_, err = verify(t, s, issued.Reveal(), lostkey.PurposeReset, changed)
	rejected, ok := errors.AsType[*lostkey.RejectedError](err)
	require.True(t, ok)

	keyForms := canaries(
		string(secret), k.Reveal()[len(keyID)+1:], string(secretOf(2)),
		string(macKeyOf(t, secret, site, lostkey.PurposeReset)),
		string(fingerprintKeyOf(t, secret, site)),
		string(derivedKeyOf(t, secret, site, "jobs")),
	)
	hash := state.PasswordHash.Reveal()
	stateText := canaries(
		hash, hash[40:], state.Email.Reveal(), state.Stamp.Reveal(),
	)
	_, payload, signature := segments(issued.Reveal())
	tokenText := canaries(
		issued.Reveal()[10:], payload[20:], signature, unb64(t, signature),
	)
	all := slices.Concat(keyForms, stateText, tokenText)
	return map[string]exposure{
		"Keys":          {ring, keyForms},
		"Config":        {cfg, keyForms},
		"Signer":        {s, keyForms},
		"MAC":           {mac, keyForms},
		"State":         {state, stateText},
		"Hidden":        {state.PasswordHash, stateText},
		"Token":         {issued, tokenText},
		"Claims":        {claims, all},
		"RejectedError": {rejected, all},
		"Reason":        {rejected.Reason, all},
		"Purpose":       {lostkey.PurposeReset, all},
		"Lifetime":      {lostkey.Lifetime{Default: time.Hour}, all},
	}
}

// A type that is added must be thought of here.
func TestEveryExportedTypeIsSearchedForSecrets(t *testing.T) {
	t.Parallel()

	files, err := os.ReadDir(".")
	require.NoError(t, err)
	var declared []string
	for _, file := range files {
		name := file.Name()
		if !strings.HasSuffix(name, ".go") ||
			strings.HasSuffix(name, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil,
			parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if ok && spec.Name.IsExported() {
				declared = append(declared, spec.Name.Name)
			}
			return true
		})
	}

	var known []string
	for name := range exposures(t) {
		known = append(known, name)
	}
	require.ElementsMatch(t, declared, known)
}

// wrap puts a value where fmt, JSON and slog may look for it. Where the field
// is not exported, fmt does not call the methods of what is in it.
func wrap(v any) map[string]any {
	type exported struct{ V any }
	type hidden struct{ v any }
	type deep struct{ h *hidden }
	pointer := reflect.New(reflect.TypeOf(v))
	pointer.Elem().Set(reflect.ValueOf(v))

	return map[string]any{
		"value":                       v,
		"pointer":                     pointer.Interface(),
		"pointer to pointer":          &v,
		"slice":                       []any{v},
		"array":                       [1]any{v},
		"map":                         map[string]any{"k": v},
		"exported field":              exported{v},
		"pointer to exported field":   &exported{v},
		"unexported field":            hidden{v},
		"pointer to unexported field": &hidden{v},
		"pointer in unexported field": hidden{pointer.Interface()},
		"slice in unexported field":   hidden{[]any{v}},
		"map in unexported field":     hidden{map[string]any{"k": v}},
		"deep":                        []any{&deep{&hidden{v}}},
	}
}

func requireNone(t *testing.T, printed, where string, canaries []string) {
	t.Helper()
	for _, canary := range canaries {
		if strings.Contains(printed, canary) {
			t.Fatalf("%s shows %q: %.200q", where, canary, printed)
		}
	}
}

// verbs are all letters, with the flags that change how values are printed.
func verbs() []string {
	var all []string
	for _, flag := range []string{"", "+", "#", "+#", "-080.200"} {
		for c := 'A'; c <= 'z'; c++ {
			if c <= 'Z' || c >= 'a' {
				all = append(all, "%"+flag+string(c))
			}
		}
	}
	return all
}

//lostkey:covers ASVS-16.2.5 CWE-522
func TestNoVerbPrintsASecret(t *testing.T) {
	t.Parallel()

	for name, e := range exposures(t) {
		for where, v := range wrap(e.value) {
			printed := map[string]string{
				"Sprint":   fmt.Sprint(v),
				"Sprintln": fmt.Sprintln(v),
				"Errorf":   fmt.Errorf("wrapped: %v", v).Error(),
				"surplus":  fmt.Sprintf(strings.ToLower("NO VERB"), v),
			}
			for _, verb := range verbs() {
				printed[verb] = fmt.Sprintf(verb, v)
			}
			for how, text := range printed {
				requireNone(t, text, name+" as "+where+", "+how, e.canaries)
			}
		}
	}
}

func TestNeitherJSONNorSlogShowsASecret(t *testing.T) {
	t.Parallel()
	for name, e := range exposures(t) {
		for where, v := range wrap(e.value) {
			printed, err := json.Marshal(v)
			if err == nil { // Config has a func, which JSON refuses
				requireNone(t, string(printed),
					name+" as "+where+" in JSON", e.canaries)
			}
			requireNone(t, logged(t, v), name+" as "+where+" in slog",
				e.canaries)
		}
	}
}

// logged returns what log/slog makes of v, in each place that it has.
func logged(t *testing.T, v any) string {
	t.Helper()
	var out bytes.Buffer
	for _, handler := range []slog.Handler{
		slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil),
	} {
		log := slog.New(handler)
		log.Info("value", "v", v)
		log.With("v", v).WithGroup("g").Warn("with",
			slog.Group("h", slog.Any("v", v)))
		log.LogAttrs(t.Context(), slog.LevelError, "error",
			slog.Any("err", fmt.Errorf("wrapped: %v", v)))
	}
	return out.String()
}

// Keys of a JSON object take another way through encoding/json than values do,
// and two equal secrets would be two keys. So none of these types can be one.
func TestTypesWithSecretsAreNoMapKeys(t *testing.T) {
	t.Parallel()
	all := exposures(t)
	for _, name := range []string{
		"Keys", "MAC", "State", "Hidden", "Token",
	} {
		require.False(t, reflect.TypeOf(all[name].value).Comparable(), name)
	}
}

func TestErrorsShowNoSecret(t *testing.T) {
	t.Parallel()

	secret := string(secretOf(1)[:31])
	encoded := base64.StdEncoding.EncodeToString([]byte(secret))
	_, short := lostkey.ParseKeys("k:" + encoded)
	_, badID := lostkey.GenerateKeys(encoded + "!")
	_, noColon := lostkey.ParseKeys(encoded)
	_, badBase64 := lostkey.ParseKeys("k:" + encoded + "!")
	_, swapped := lostkey.ParseKeys(encoded + ":k")
	_, badSite := lostkey.New(lostkey.Config{Site: encoded})
	_, noSite := lostkey.ParseSite("https://ann:" + encoded + "@app.example")
	_, noURL := lostkey.ParseSite("https://app.example:" + encoded)
	_, noLabel := config(t).Keys.Derive(site, encoded)

	for _, err := range []error{
		short, badID, noColon, badBase64, swapped, badSite, noSite, noURL,
		noLabel,
	} {
		require.Error(t, err)
		for _, verb := range verbs() {
			requireNone(t, fmt.Sprintf(verb, err), verb,
				canaries(secret, encoded))
		}
	}
}

// Rejections print one text, with and without a reason inside.
func TestRejectionsPrintOneText(t *testing.T) {
	t.Parallel()

	v, s := victimOf(t), newSigner(t, config(t))
	stale := annWith(func(s *lostkey.State) {
		s.PasswordHash = lostkey.Hide("x")
	})
	for _, raw := range []string{"", v.raw, v.raw[1:], repeat("a", 5000)} {
		_, err := verify(t, s, raw, lostkey.PurposeReset, stale)
		for _, verb := range []string{
			"%v", "%+v", "%#v", "%s", "%q", "%x", "%d",
		} {
			require.Equal(t, "token: rejected", fmt.Sprintf(verb, err))
		}
		require.Equal(t, "outer: token: rejected",
			fmt.Errorf("outer: %w", err).Error())
	}
}

func TestRedactedTextsAreOfUse(t *testing.T) {
	t.Parallel()

	k := newKey(t, keyID, secretOf(1))
	ring := newRing(t, k, newKey(t, "b", secretOf(2)))
	issued := issue(t, newSigner(t, config(t)), lostkey.PurposeReset, ann(), 0)
	for want, v := range map[string]any{
		"token.Keys(2026-11, b; redacted)": ring,
		"token.Hidden(redacted)":           ann().Email,

		"token.Token(" + issued.ID() + ", redacted)":    issued,
		`token.State("` + ann().UserID + `", redacted)`: ann(),

		"token.Keys(; redacted)":  lostkey.Keys{},
		"token.Token(, redacted)": lostkey.Token{},
	} {
		require.Equal(t, want, fmt.Sprint(v))
	}
}
