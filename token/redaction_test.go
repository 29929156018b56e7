package token_test

import (
	"bytes"
	"context"
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
		quoted, _ := json.Marshal(part)
		all = append(all,
			part, hex.EncodeToString([]byte(part)), strings.ToUpper(hex.EncodeToString([]byte(part))), fmt.Sprintf("% x", part), fmt.Sprintf("%#x", part)[2:],
			base64.StdEncoding.EncodeToString([]byte(part))[:12], base64.RawURLEncoding.EncodeToString([]byte(part))[:12],
			strings.Trim(fmt.Sprintf("%q", part), `"`), strings.Trim(fmt.Sprintf("%+q", part), `"`), strings.Trim(string(quoted), `"`),
			strings.Trim(fmt.Sprintf("%d", []byte(part)), "[]"), strings.TrimSuffix(fmt.Sprintf("%#v", []byte(part))[7:], "}"), strings.Trim(fmt.Sprintf("%b", []byte(part)), "[]"), strings.Trim(fmt.Sprintf("%o", []byte(part)), "[]"),
		)
	}
	return all
}

// exposure is a value of an exported type that holds secrets, and what they are.
type exposure struct {
	value   any
	secrets []string
}

func exposures(t *testing.T) map[string]exposure {
	t.Helper()
	secret := secretOf(1)
	k := newKey(t, keyID, secret)
	ring := newRing(t, k, newKey(t, "2026-05", secretOf(2)))
	cfg := lostkey.Config{Site: site, Keys: ring, Purposes: map[lostkey.Purpose]lostkey.Lifetime{"own": {Default: time.Hour}}, Now: issuedAt}
	s := newSigner(t, cfg)
	state := ann()
	state.Stamp = lostkey.Hide("stamp-canary-of-ann")
	issued := issue(t, s, lostkey.Reset, state, 0)
	_, payload, signature := segments(issued.Reveal())
	users := tableOf(state)
	claims, err := s.Verify(t.Context(), issued.Reveal(), lostkey.Reset, users.load)
	require.NoError(t, err)
	state.PasswordHash = lostkey.Hide(state.PasswordHash.Reveal() + "x")
	_, err = s.Verify(t.Context(), issued.Reveal(), lostkey.Reset, tableOf(state).load)
	rejected, ok := errors.AsType[*lostkey.RejectedError](err)
	require.True(t, ok)
	keyText := []string{string(secret), k.Reveal()[len(keyID)+1:], string(secretOf(2)), string(macKeyOf(t, secret, site, lostkey.Reset)), string(derive(t, secret, "lostkey token v1 fingerprint"+field(site)))}
	stateText := []string{state.PasswordHash.Reveal(), state.PasswordHash.Reveal()[40:], state.Email.Reveal(), state.Stamp.Reveal()}
	tokenText := []string{issued.Reveal()[10:], payload[20:], signature, unb64(t, signature)}
	all := append(append(append([]string(nil), keyText...), stateText...), tokenText...)
	return map[string]exposure{
		"Key":           {k, keyText},
		"Keys":          {ring, keyText},
		"Config":        {cfg, keyText},
		"Signer":        {s, keyText},
		"State":         {state, stateText},
		"Hidden":        {state.PasswordHash, stateText},
		"Token":         {issued, tokenText},
		"Claims":        {claims, all},
		"RejectedError": {rejected, all},
		"Reason":        {rejected.Reason, all},
		"Purpose":       {lostkey.Reset, all},
		"Lifetime":      {lostkey.Lifetime{Default: time.Hour}, all},
	}
}

// A type that is added must be thought of here.
func TestEveryExportedTypeIsSearchedForSecrets(t *testing.T) {
	t.Parallel()
	known := exposures(t)
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	found := 0
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file.Name(), nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.IsExported() {
				found++
				require.Contains(t, known, spec.Name.Name)
			}
			return true
		})
	}
	require.Len(t, known, found)
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
		"value": v, "pointer": pointer.Interface(), "pointer to pointer": &v, "pointer in unexported field ": hidden{pointer.Interface()}, "slice": []any{v}, "array": [1]any{v}, "map": map[string]any{"k": v}, "exported field": exported{v}, "pointer to exported field": &exported{v},
		"unexported field": hidden{v}, "pointer to unexported field": &hidden{v}, "deep": []any{map[string]any{"k": &deep{&hidden{v}}}}, "slice in unexported field": hidden{[]any{v}}, "map in unexported field": hidden{map[string]any{"k": v}},
	}
}

func requireNoSecret(t *testing.T, printed, where string, secrets []string) {
	t.Helper()
	for _, canary := range canaries(secrets...) {
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

func TestNoVerbPrintsASecret(t *testing.T) {
	t.Parallel()
	for name, e := range exposures(t) {
		for where, v := range wrap(e.value) {
			for _, verb := range verbs() {
				requireNoSecret(t, fmt.Sprintf(verb, v), name+" as "+where+", "+verb, e.secrets)
			}
			requireNoSecret(t, fmt.Sprint(v), name+" as "+where+", Sprint", e.secrets)
			requireNoSecret(t, fmt.Sprintln(v), name+" as "+where+", Sprintln", e.secrets)
			requireNoSecret(t, fmt.Sprintf(strings.ToLower("NO VERB"), v), name+" as "+where+", surplus", e.secrets)
			requireNoSecret(t, fmt.Errorf("wrapped: %v", v).Error(), name+" as "+where+", Errorf", e.secrets)
		}
	}
}

func TestNeitherJSONNorSlogShowsASecret(t *testing.T) {
	t.Parallel()
	for name, e := range exposures(t) {
		for where, v := range wrap(e.value) {
			printed, err := json.Marshal(v)
			if err == nil { // Config has a func, which JSON refuses
				requireNoSecret(t, string(printed), name+" as "+where+" in JSON", e.secrets)
			}
			var out bytes.Buffer
			for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
				log := slog.New(handler)
				log.Info("value", "v", v)
				log.With("v", v).WithGroup("g").Warn("with", slog.Group("h", slog.Any("v", v)))
				log.LogAttrs(context.Background(), slog.LevelError, "error", slog.Any("err", fmt.Errorf("wrapped: %v", v)))
			}
			requireNoSecret(t, out.String(), name+" as "+where+" in slog", e.secrets)
		}
	}
}

// Keys of a JSON object take another way through encoding/json than values.
func TestMapKeysShowNoSecret(t *testing.T) {
	t.Parallel()
	all := exposures(t)
	k, _ := all["Key"].value.(lostkey.Key)
	issued, _ := all["Token"].value.(lostkey.Token)
	for name, v := range map[string]any{"Key": map[lostkey.Key]int{k: 1}, "Token": map[lostkey.Token]int{issued: 1}} {
		printed, err := json.Marshal(v)
		require.NoError(t, err)
		requireNoSecret(t, string(printed)+fmt.Sprintf("%v %+v %#v", v, v, v), name, all[name].secrets)
	}
}

func TestErrorsShowNoSecret(t *testing.T) {
	t.Parallel()
	secret := string(secretOf(1)[:31])
	encoded := base64.StdEncoding.EncodeToString([]byte(secret))
	_, short := lostkey.NewKey("k", []byte(secret))
	_, parsed := lostkey.ParseKeys("k:" + encoded)
	_, noColon := lostkey.ParseKeys(encoded)
	_, badBase64 := lostkey.ParseKeys("k:" + encoded + "!")
	_, swapped := lostkey.ParseKeys(encoded + ":k")
	_, badSite := lostkey.New(lostkey.Config{Site: encoded})
	for _, err := range []error{short, parsed, noColon, badBase64, swapped, badSite} {
		require.Error(t, err)
		for _, verb := range verbs() {
			requireNoSecret(t, fmt.Sprintf(verb, err), verb, []string{secret, encoded})
		}
	}
	// Rejections print one text, with and without a reason inside.
	v := victimOf(t)
	stale := v.state
	stale.PasswordHash = lostkey.Hide("x")
	for _, raw := range []string{"", v.raw, v.raw[1:], strings.Repeat("a", 5000)} {
		_, err := newSigner(t, config(t)).Verify(t.Context(), raw, lostkey.Reset, tableOf(stale).load)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			require.Equal(t, "token: rejected", fmt.Sprintf(verb, err))
		}
		require.Equal(t, "outer: token: rejected", fmt.Errorf("outer: %w", err).Error())
	}
}

func TestRedactedTextsAreOfUse(t *testing.T) {
	t.Parallel()
	k := newKey(t, keyID, secretOf(1))
	require.Equal(t, "token.Key(2026-11, redacted)", fmt.Sprint(k))
	require.Equal(t, "token.Keys(2026-11, b; redacted)", fmt.Sprint(newRing(t, k, newKey(t, "b", secretOf(2)))))
	issued := issue(t, newSigner(t, config(t)), lostkey.Reset, ann(), 0)
	require.Equal(t, "token.Token("+issued.ID()+", redacted)", fmt.Sprint(issued))
	require.Equal(t, `token.State("5f0c9a3e-94c7-4c3a-8f0e-0a54d2b6b3a1", redacted)`, fmt.Sprint(ann()))
	require.Equal(t, "token.Key(, redacted) token.Keys(; redacted) token.Token(, redacted)", fmt.Sprint(lostkey.Key{}, lostkey.Keys{}, lostkey.Token{}))
}
