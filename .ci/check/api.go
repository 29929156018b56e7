package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// saved is the folder of the listings.
const saved = ".ci/api"

// checkAPI compares the exported API of each library package with its
// listing, or writes the listings.
func checkAPI(dirs []string, accept bool) error {
	want, err := savedListings()
	if err != nil {
		return err
	}

	var changed []string
	for _, dir := range dirs {
		if !isLibrary(dir) {
			continue
		}

		lines, err := listing(dir)
		if err != nil {
			return err
		}
		name := strings.ReplaceAll(filepath.ToSlash(dir), "/", "-") + ".txt"
		text := strings.Join(lines, "\n") + "\n"

		changed = append(changed, difference(dir, want[name], text)...)
		if accept && want[name] != text {
			err := os.WriteFile(filepath.Join(saved, name), []byte(text), 0o644)
			if err != nil {
				return err
			}
		}
		delete(want, name)
	}

	for name := range want {
		changed = append(changed, "- the package of "+name)
		if accept {
			if err := os.Remove(filepath.Join(saved, name)); err != nil {
				return err
			}
		}
	}

	if len(changed) == 0 || accept {
		fmt.Printf("exported API: %d lines changed\n", len(changed))
		return nil
	}
	fmt.Println(strings.Join(changed, "\n"))
	return errors.New("the exported API differs from " + saved +
		"; if that is meant: go run ./.ci/check api -accept")
}

// savedListings reads the listings by the names of their files.
func savedListings() (map[string]string, error) {
	files, err := filepath.Glob(saved + "/*.txt")
	if err != nil {
		return nil, err
	}

	listings := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		listings[filepath.Base(file)] = string(text)
	}
	return listings, nil
}

// isLibrary reports whether dir is a package that others may import.
func isLibrary(dir string) bool {
	parts := strings.Split(filepath.ToSlash(dir), "/")
	own := parts[0] == "examples" || parts[0] == ".ci"
	return !own && !slices.Contains(parts, "internal")
}

// difference lists the lines that went and that came.
func difference(dir, before, after string) []string {
	var out []string
	was, is := strings.Split(before, "\n"), strings.Split(after, "\n")
	for _, line := range was {
		if line != "" && !slices.Contains(is, line) {
			out = append(out, "- "+dir+": "+line)
		}
	}
	for _, line := range is {
		if line != "" && !slices.Contains(was, line) {
			out = append(out, "+ "+dir+": "+line)
		}
	}
	return out
}

// listing returns one line for each exported identifier, method and field of
// the package in dir, sorted.
func listing(dir string) ([]string, error) {
	fset, files, err := parse(dir, false)
	if err != nil {
		return nil, err
	}

	var lines []string
	for _, file := range files {
		ast.FileExports(file)
		for _, decl := range file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv != nil && !exportedReceiver(d.Recv) {
					continue
				}
				d.Doc, d.Body = nil, nil
				lines = append(lines, source(fset, d))
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					lines = append(lines, specLines(fset, d.Tok, spec)...)
				}
			}
		}
	}
	slices.Sort(lines)
	return lines, nil
}

// exportedReceiver reports whether a method belongs to an exported type.
func exportedReceiver(recv *ast.FieldList) bool {
	typ := recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	name, ok := typ.(*ast.Ident)
	return !ok || name.IsExported()
}

func specLines(fset *token.FileSet, kind token.Token, spec ast.Spec) []string {
	switch s := spec.(type) {
	case *ast.ValueSpec:
		typ := ""
		if s.Type != nil {
			typ = " " + source(fset, s.Type)
		}
		var lines []string
		for _, name := range s.Names {
			lines = append(lines, kind.String()+" "+name.Name+typ)
		}
		return lines
	case *ast.TypeSpec:
		return typeLines(fset, s)
	default:
		return nil
	}
}

func typeLines(fset *token.FileSet, s *ast.TypeSpec) []string {
	head := "type " + s.Name.Name
	var fields *ast.FieldList

	switch t := s.Type.(type) {
	case *ast.StructType:
		head, fields = head+" struct", t.Fields
	case *ast.InterfaceType:
		head, fields = head+" interface", t.Methods
	default:
		sign := " "
		if s.Assign.IsValid() {
			sign = " = "
		}
		return []string{head + sign + source(fset, s.Type)}
	}

	lines := []string{head}
	for _, field := range fields.List {
		typ := source(fset, field.Type)
		if len(field.Names) == 0 {
			lines = append(lines, head+", "+typ)
		}
		for _, name := range field.Names {
			lines = append(lines, head+", "+name.Name+" "+strings.TrimPrefix(typ, "func"))
		}
	}
	return lines
}

// source prints a node on one line.
func source(fset *token.FileSet, node any) string {
	var out bytes.Buffer
	if err := printer.Fprint(&out, fset, node); err != nil {
		return err.Error()
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

// parse reads the Go files of dir, with its tests or without.
func parse(dir string, tests bool) (*token.FileSet, []*ast.File, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}

	fset := token.NewFileSet()
	var files []*ast.File
	for _, e := range entries {
		name := e.Name()
		test := strings.HasSuffix(name, "_test.go")
		if !strings.HasSuffix(name, ".go") || test && !tests {
			continue
		}

		path := filepath.Join(dir, name)
		file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return nil, nil, err
		}
		files = append(files, file)
	}
	return fset, files, nil
}
