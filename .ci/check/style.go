package main

import (
	"bufio"
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"strings"
	"unicode/utf8"
)

// The bounds of the house style that no linter holds. A tab counts as four
// columns. Wide code and long functions are left to lll and funlen.
const (
	maxComment = 80
	dense      = 20 // a function this long needs a paragraph
)

// A function is the body of one function, as it stands in its file.
type function struct {
	name         string
	file         string
	line         int
	lines, blank int
	test         bool
	table        bool // most of it is one literal: a table of cases
}

// checkStyle refuses functions without a paragraph and wide comments, tests
// included and generated code left out.
func checkStyle(dirs []string) error {
	var found []string
	for _, dir := range dirs {
		packed, err := withoutParagraph(dir)
		if err != nil {
			return err
		}
		wide, err := wideComments(dir)
		if err != nil {
			return err
		}
		found = append(append(found, packed...), wide...)
	}

	if len(found) == 0 {
		return nil
	}
	fmt.Println(strings.Join(found, "\n"))
	return fmt.Errorf("the house style is broken in %d places", len(found))
}

// withoutParagraph finds the functions of dir that are long and have no blank
// line.
func withoutParagraph(dir string) ([]string, error) {
	functions, err := functionsOf(dir)
	if err != nil {
		return nil, err
	}

	var found []string
	for _, f := range functions {
		if f.lines >= dense && f.blank == 0 && !f.table {
			found = append(found, fmt.Sprintf("%s:%d: %s has %d lines and no paragraph",
				f.file, f.line, f.name, f.lines))
		}
	}
	return found, nil
}

// functionsOf measures every function of dir, tests included.
func functionsOf(dir string) ([]function, error) {
	fset, files, err := parse(dir, true)
	if err != nil {
		return nil, err
	}

	var functions []function
	for _, file := range files {
		if ast.IsGenerated(file) {
			continue
		}
		name := fset.Position(file.Pos()).Filename
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		rows := bytes.Split(text, []byte("\n"))

		for _, decl := range file.Decls {
			d, ok := decl.(*ast.FuncDecl)
			if !ok || d.Body == nil {
				continue
			}
			functions = append(functions, body(fset, d, rows))
		}
	}
	return functions, nil
}

// body measures one function in the rows of its file.
func body(fset *token.FileSet, d *ast.FuncDecl, rows [][]byte) function {
	from, to := fset.Position(d.Body.Lbrace), fset.Position(d.Body.Rbrace)
	f := function{
		name: d.Name.Name, file: from.Filename, line: from.Line,
		lines: max(0, to.Line-from.Line-1),
		test:  strings.HasSuffix(from.Filename, "_test.go"),
	}

	for i := from.Line; i < to.Line-1; i++ {
		if len(bytes.TrimSpace(rows[i])) == 0 {
			f.blank++
		}
	}
	f.table = f.test && 2*largestLiteral(fset, d.Body) > f.lines
	return f
}

// largestLiteral returns the lines of the longest composite literal in body.
func largestLiteral(fset *token.FileSet, body ast.Node) int {
	longest := 0
	ast.Inspect(body, func(n ast.Node) bool {
		if lit, ok := n.(*ast.CompositeLit); ok {
			lines := fset.Position(lit.End()).Line - fset.Position(lit.Pos()).Line
			longest = max(longest, lines)
		}
		return true
	})
	return longest
}

// wideComments finds comments over the bound. Directives, and lines of one
// word, could not be shorter.
func wideComments(dir string) ([]string, error) {
	fset, files, err := parse(dir, true)
	if err != nil {
		return nil, err
	}

	var found []string
	for _, file := range files {
		if ast.IsGenerated(file) {
			continue
		}
		name := fset.Position(file.Pos()).Filename
		output := false // what an Example prints stays as it is
		err := eachLine(name, func(n int, line string, columns int) {
			text, comment := strings.CutPrefix(strings.TrimSpace(line), "// ")
			output = comment && (output || strings.HasPrefix(text, "Output:"))
			if comment && !output && columns > maxComment && strings.Contains(text, " ") {
				found = append(found,
					fmt.Sprintf("%s:%d: a comment of %d columns", name, n, columns))
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// eachLine visits the lines of a file with their widths.
func eachLine(name string, visit func(n int, line string, columns int)) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()

	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		visit(n, line, utf8.RuneCountInString(line)+3*strings.Count(line, "\t"))
	}
	return lines.Err()
}
