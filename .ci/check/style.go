package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// The bounds of the house style. A tab counts as four columns.
const (
	maxComment  = 80
	maxCode     = 90 // a signature or a long name may need a little more than 80
	maxFunction = 60
	dense       = 20 // a function this long needs a paragraph
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

// checkStyle refuses wide lines, long functions and functions without a
// paragraph.
func checkStyle(dirs []string) error {
	var found []string
	for _, dir := range dirs {
		functions, err := functionsOf(dir)
		if err != nil {
			return err
		}
		for _, f := range functions {
			at := fmt.Sprintf("%s:%d: %s", f.file, f.line, f.name)
			switch {
			case f.table:
			case f.lines > maxFunction:
				found = append(found, fmt.Sprintf("%s has %d lines, want at most %d", at, f.lines, maxFunction))
			case f.lines >= dense && f.blank == 0:
				found = append(found, fmt.Sprintf("%s has %d lines and no paragraph", at, f.lines))
			}
		}

		wide, err := wideLines(dir)
		if err != nil {
			return err
		}
		found = append(found, wide...)
	}

	if len(found) == 0 {
		return nil
	}
	fmt.Println(strings.Join(found, "\n"))
	return errors.New("the house style is broken in " + fmt.Sprint(len(found)) + " places")
}

// functionsOf measures every function of dir, tests included.
func functionsOf(dir string) ([]function, error) {
	fset, files, err := parse(dir, true)
	if err != nil {
		return nil, err
	}

	var functions []function
	for _, file := range files {
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
			from, to := fset.Position(d.Body.Lbrace).Line, fset.Position(d.Body.Rbrace).Line
			f := function{
				name: d.Name.Name, file: name, line: from,
				lines: max(0, to-from-1), test: strings.HasSuffix(name, "_test.go"),
			}
			for i := from; i < to-1; i++ {
				if len(bytes.TrimSpace(rows[i])) == 0 {
					f.blank++
				}
			}
			f.table = f.test && 2*largestLiteral(fset, d.Body) > f.lines
			functions = append(functions, f)
		}
	}
	return functions, nil
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

// wideLines finds lines over the bounds. A line that cannot be broken, such as
// one long string, is excused where it says so with a directive of its own.
func wideLines(dir string) ([]string, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}

	var found []string
	for _, name := range names {
		output := false // of an example, as it is printed.
		err := eachLine(name, func(n int, line string, columns int) {
			text := strings.TrimSpace(line)
			bound := maxCode
			if strings.HasPrefix(text, "//") {
				bound = maxComment
			}
			output = strings.HasPrefix(text, "// Output:") ||
				output && strings.HasPrefix(text, "//")
			if output {
				return
			}
			if columns > bound && breakable(text) {
				found = append(found, fmt.Sprintf("%s:%d: %d columns, want at most %d", name, n, columns, bound))
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// breakable reports whether a line could have been shorter: directives, and
// lines that are one word or one string, could not.
func breakable(text string) bool {
	if strings.HasPrefix(text, "//go:") || strings.Contains(text, "//nolint:") {
		return false
	}
	if strings.HasPrefix(text, "//") {
		return strings.Contains(strings.TrimSpace(text[2:]), " ")
	}
	return strings.Count(text, "\"") < 2 && strings.Count(text, "`") < 1
}

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

// measure prints, for each package without its tests, what the house style
// counts.
func measure(dirs []string) error {
	fmt.Println("package | exported | blank % | functions >= 20 lines | of them dense | longest | widest")
	for _, dir := range dirs {
		if !isLibrary(dir) {
			continue
		}
		functions, err := functionsOf(dir)
		if err != nil {
			return err
		}

		lines, blank, long, packed, longest := 0, 0, 0, 0, 0
		for _, f := range functions {
			if f.test {
				continue
			}
			lines, blank, longest = lines+f.lines, blank+f.blank, max(longest, f.lines)
			if f.lines >= dense {
				long++
				if f.blank == 0 {
					packed++
				}
			}
		}

		widest, err := widestLine(dir)
		if err != nil {
			return err
		}
		api, err := listing(dir)
		if err != nil {
			return err
		}
		fmt.Printf("%s | %d | %.1f | %d | %d | %d | %d\n", dir, identifiers(api),
			100*float64(blank)/float64(max(1, lines)), long, packed, longest, widest)
	}
	return nil
}

// identifiers counts the exported names at the top of a package: no methods,
// no fields.
func identifiers(api []string) int {
	n := 0
	for _, line := range api {
		method := strings.HasPrefix(line, "func (")
		field := strings.Contains(line, " struct, ") ||
			strings.Contains(line, " interface, ")
		if !method && !field {
			n++
		}
	}
	return n
}

func widestLine(dir string) (int, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return 0, err
	}

	widest := 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		err := eachLine(name, func(_ int, _ string, columns int) { widest = max(widest, columns) })
		if err != nil {
			return 0, err
		}
	}
	return widest, nil
}
