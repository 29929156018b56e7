package reset_test

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	gotoken "go/token"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A specimen is a value of an exported type, with the canary in every field
// that may hold a secret.
type specimen struct {
	value any
	// open says that the type is a plain value of texts, which cannot hide from
	// a printer that finds it in an unexported field. Its documentation must
	// say so. What lives long is never open.
	open bool
	// wire says that JSON is the type's way to a queue.
	wire bool
}

// exportedTypes reads the documentation of every exported type of the library,
// by package and name: "reset.User".
func exportedTypes(t *testing.T) map[string]string {
	t.Helper()
	found := make(map[string]string)
	for _, root := range []string{"../token", "../hash", "../mail", "."} {
		require.NoError(t, filepath.WalkDir(
			root,
			func(dir string, entry fs.DirEntry, err error) error {
				if err != nil || !entry.IsDir() {
					return err
				}
				if entry.Name() == "internal" ||
					entry.Name() == "testdata" {
					return filepath.SkipDir
				}
				return typesOf(dir, found)
			},
		))
	}

	return found
}

func typesOf(dir string, found map[string]string) error {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return err
	}
	set := gotoken.NewFileSet()
	var files []*ast.File

	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		files = append(files, file)
	}

	if len(files) == 0 {
		return nil
	}
	pkg, err := doc.NewFromFiles(set, files, dir)
	if err != nil {
		return err
	}
	for _, typ := range pkg.Types {
		found[pkg.Name+"."+typ.Name] = strings.Join(
			strings.Fields(typ.Doc), " ",
		)
	}
	return nil
}

// A type that is added must be thought of here.
func TestEveryExportedTypeIsSearchedForSecrets(t *testing.T) {
	t.Parallel()
	known := slices.Sorted(maps.Keys(specimens(t).all))
	for _, name := range harmless {
		require.NotContains(t, known, name)
		known = append(known, name)
	}
	slices.Sort(known)
	require.Equal(t, slices.Sorted(maps.Keys(exportedTypes(t))), known)
}

const limitOfHiding = "unexported field"

func TestTheDocumentationSaysWhatCannotHideInAnUnexportedField(t *testing.T) {
	t.Parallel()
	docs := exportedTypes(t)
	for name, s := range specimens(t).all {
		require.Equal(
			t, s.open, strings.Contains(docs[name], limitOfHiding), "%s: %s",
			name, docs[name],
		)
	}
}

//lostkey:covers ASVS-16.2.5 CWE-532 CWE-522
func TestNoExportedTypeShowsASecretWhereverItSits(t *testing.T) {
	t.Parallel()
	found := specimens(t)
	forms := formsOf(found.secrets...)
	for name, s := range found.all {
		// One after the other: fmt reads by reflection, without its lock, what
		// another one's method locks.
		t.Run(name, func(t *testing.T) {
			for where, v := range places(s.value) {
				if s.open && strings.HasPrefix(where, "unexported") {
					continue
				}
				for _, verb := range everyVerb() {
					// fmt calls no methods under these two; vet knows them.
					if s.open && strings.ContainsAny(verb, "pw") {
						continue
					}
					requireHidden(
						t, forms, where+" under "+verb, fmt.Sprintf(verb, v),
					)
				}

				requireHidden(
					t, forms, where+" without a verb",
					fmt.Sprint(v)+fmt.Sprintf(strings.ToLower("NONE"), v),
				)
				requireHidden(
					t, forms, where+" in an error",
					fmt.Errorf("wrapped: %v", v).Error(),
				)
				requireHidden(
					t, forms, where+" in slog's text",
					logged(v, slog.NewTextHandler),
				)

				// slog writes what is not a LogValuer itself as JSON.
				if !s.wire || where == "value" {
					requireHidden(
						t, forms, where+" in slog's JSON",
						logged(v, slog.NewJSONHandler),
					)
				}
				if !s.wire {
					requireHidden(t, forms, where+" in JSON", marshalled(v))
				}
				if !s.open {
					requireHidden(t, forms, where+" in gob", gobbed(v))
				}
			}
		})
	}
}

// Every open type does show its secrets from an unexported field: one that has
// learned to hide them is no longer open.
func TestOpenTypesNeedTheirSentence(t *testing.T) {
	t.Parallel()
	found := specimens(t)
	for name, s := range found.all {
		if s.open {
			text := fmt.Sprintf("%+v", places(s.value)["unexported field"])
			require.True(
				t,
				slices.ContainsFunc(
					formsOf(found.secrets...),
					func(form string) bool {
						return strings.Contains(text, form)
					},
				),
				name,
			)
		}
	}
}

// places puts v where a printer may find it. fmt calls no methods on what is in
// an unexported field.
func places(v any) map[string]any {
	type exported struct{ V any }
	type unexported struct{ v any }
	type deep struct{ u *unexported }
	pointer := reflect.New(reflect.TypeOf(v))
	pointer.Elem().Set(reflect.ValueOf(v))
	p := pointer.Interface()
	typed := reflect.MakeSlice(reflect.SliceOf(reflect.TypeOf(v)), 1, 1)
	typed.Index(0).Set(reflect.ValueOf(v))

	return map[string]any{
		"value":                   v,
		"pointer":                 p,
		"pointer to an interface": &v,
		"slice": []any{
			v,
		},
		"typed slice": typed.Interface(),
		"array":       [1]any{v},
		"map":         map[string]any{"k": v},
		"exported field": exported{
			v,
		},
		"pointer in an exported field": exported{p},
		"pointer to an exported field": &exported{v},

		"unexported field": unexported{
			v,
		},
		"unexported field with a pointer":   unexported{p},
		"unexported field behind a pointer": &unexported{v},
		"unexported slice": unexported{
			[]any{v},
		},
		"unexported typed slice": unexported{typed.Interface()},
		"unexported map":         unexported{map[string]any{"k": v}},
		"unexported, deep": []any{
			map[string]any{"k": &deep{&unexported{v}}},
		},
	}
}

// everyVerb is every letter, with the flags that change how values print.
func everyVerb() []string {
	var all []string
	for _, flag := range []string{"", "+", "#", "+#"} {
		for c := 'A'; c <= 'z'; c++ {
			if c <= 'Z' || c >= 'a' {
				all = append(all, "%"+flag+string(c))
			}
		}
	}
	return all
}

// formsOf is what a secret may look like in print. The encodings are of its
// first bytes, so that they do not depend on what follows.
func formsOf(secrets ...string) []string {
	var all []string
	for _, secret := range secrets {
		part := secret[:9]
		raw := []byte(part)
		all = append(
			all, part, strings.ToUpper(part), hex.EncodeToString(raw),
			strings.ToUpper(hex.EncodeToString(raw)), fmt.Sprintf("% x", raw),
			fmt.Sprintf("% X", raw), fmt.Sprintf("% #x", raw),
			fmt.Sprintf("% #X", raw), base64.StdEncoding.EncodeToString(raw),
			base64.URLEncoding.EncodeToString(raw),
		)
		for _, list := range []string{
			"%d", "%b", "%o", "%O", "%#o", "%#b", "%c", "%q", "%U", "%#U",
		} {
			all = append(all, strings.Trim(fmt.Sprintf(list, raw), "[]"))
		}
		all = append(all, strings.Trim(
			strings.TrimPrefix(fmt.Sprintf("%#v", raw), "[]byte"), "{}",
		))
	}

	return all
}

func requireHidden(t *testing.T, forms []string, where, text string) {
	t.Helper()
	for _, form := range forms {
		if at := strings.Index(text, form); at >= 0 {
			t.Fatalf("%s shows %q: %.300q", where, form, text[max(0, at-150):])
		}
	}
}

func logged[H slog.Handler](
	v any, newHandler func(io.Writer, *slog.HandlerOptions) H,
) string {
	var out bytes.Buffer
	log := slog.New(newHandler(&out, nil))
	log.Info("value", "v", v)
	log.With(
		"v", v,
	).WithGroup("g").Warn("with", slog.Group("h", slog.Any("v", v)))
	return out.String()
}

// marshalled is empty where JSON refuses, as it does functions.
func marshalled(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func gobbed(v any) string {
	var out bytes.Buffer
	if err := gob.NewEncoder(&out).Encode(v); err != nil {
		return err.Error()
	}
	return out.String()
}
