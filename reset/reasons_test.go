package reset_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

// Every test with a fixture checks its events against the set. This one finds
// reasons that no test reaches.
//
//lostkey:covers ASVS-16.3.3
func TestEveryReasonInTheSourceIsInTheClosedSet(t *testing.T) {
	t.Parallel()
	declared := constantsOf(t, ".", "Reason")
	require.Greater(t, len(declared), 30)
	declared = append(declared, constantsOf(t, "../token", "Reason")...)
	declared = append(declared, constantsOf(t, "policy", "Code")...)

	for _, text := range declared {
		require.Contains(t, reset.Reasons(), reset.Reason(text))
	}
	for _, text := range literalReasons(t) {
		require.Contains(t, reset.Reasons(), reset.Reason(text))
	}
}

func TestEveryOutcomeInTheSourceIsInTheClosedSet(t *testing.T) {
	t.Parallel()
	var declared []reset.Outcome
	for _, text := range constantsOf(t, ".", "Outcome") {
		require.Regexp(t, `^[a-z-]+$`, text, "a label")
		declared = append(declared, reset.Outcome(text))
	}
	slices.Sort(declared)

	all := reset.Outcomes()
	require.Equal(t, declared, all, "sorted, and none twice")
	all[0] = "changed"
	require.Equal(t, declared, reset.Outcomes(), "a copy")
}

func TestReasonsAreSortedDocumentedAndACopy(t *testing.T) {
	t.Parallel()
	all := reset.Reasons()
	require.True(t, slices.IsSorted(all))
	require.Len(t, slices.Compact(slices.Clone(all)), len(all), "twice")

	doc := docOfReason(t)
	for _, reason := range all {
		require.Regexp(t, `^[a-z0-9-]+$`, string(reason), "a label")
		require.Contains(t, doc, strconv.Quote(string(reason)))
	}

	all[0] = "changed"
	require.NotContains(t, reset.Reasons(), reset.Reason("changed"))
}

// constantsOf returns the texts of all constants of one type in a package.
func constantsOf(t *testing.T, dir, typ string) []string {
	t.Helper()
	var texts []string
	inspect(t, dir, func(n ast.Node) {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) == 0 {
			return
		}
		if name, ok := spec.Type.(*ast.Ident); !ok || name.Name != typ {
			return
		}
		for _, value := range spec.Values {
			texts = append(texts, literal(value)...)
		}
	})

	require.NotEmpty(t, texts, dir)
	return texts
}

// literalReasons returns the texts that the package gives to a Reason field or
// converts to a Reason without a constant.
func literalReasons(t *testing.T) []string {
	t.Helper()
	var texts []string
	inspect(t, ".", func(n ast.Node) {
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			if name, ok := n.Key.(*ast.Ident); ok && name.Name == "Reason" {
				texts = append(texts, literal(n.Value)...)
			}
		case *ast.CallExpr:
			if name, ok := n.Fun.(*ast.Ident); ok && name.Name == "Reason" {
				texts = append(texts, literal(n.Args[0])...)
			}
		case *ast.AssignStmt:
			for i, target := range n.Lhs {
				field, ok := target.(*ast.SelectorExpr)
				if ok && field.Sel.Name == "Reason" && i < len(n.Rhs) {
					texts = append(texts, literal(n.Rhs[i])...)
				}
			}
		}
	})

	return texts
}

func literal(expr ast.Expr) []string {
	lit, ok := expr.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return nil
	}
	text, err := strconv.Unquote(lit.Value)
	if err != nil {
		return nil
	}
	return []string{text}
}

func docOfReason(t *testing.T) string {
	t.Helper()
	doc := ""
	inspect(t, ".", func(n ast.Node) {
		decl, ok := n.(*ast.GenDecl)
		if !ok || decl.Tok != token.TYPE {
			return
		}
		spec, ok := decl.Specs[0].(*ast.TypeSpec)
		if ok && spec.Name.Name == "Reason" {
			doc = decl.Doc.Text()
		}
	})
	return doc
}

// inspect visits every node of a package without its tests.
func inspect(t *testing.T, dir string, visit func(ast.Node)) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(
			token.NewFileSet(), name, nil, parser.ParseComments,
		)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			visit(n)
			return true
		})
	}
}
