package main

import (
	"errors"
	"fmt"
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// walkPage is the page that leads a reader through the code.
const walkPage = ".github/CONTRIBUTING.md"

// A stop of the page: a file, the lines of a function in it, and its name.
var stop = regexp.MustCompile("`([\\w./]+\\.go):([\\d-]+) ([\\w.]+)`")

// checkWalk compares the lines that the page names with those of the functions,
// or writes them anew.
func checkWalk(accept bool) error {
	page, err := os.ReadFile(walkPage)
	if err != nil {
		return err
	}

	var wrong []string
	text := stop.ReplaceAllStringFunc(string(page), func(was string) string {
		part := stop.FindStringSubmatch(was)
		lines, err := linesOf(part[1], part[3])
		if err != nil {
			wrong = append(wrong, err.Error())
			return was
		}
		is := fmt.Sprintf("`%s:%s %s`", part[1], lines, part[3])
		if is != was && !accept {
			wrong = append(wrong, was+" is now "+is)
		}
		return is
	})

	if len(wrong) > 0 {
		fmt.Println(strings.Join(wrong, "\n"))
		return errors.New(
			walkPage + " is out of date: go run ./.ci/check walk -accept",
		)
	}
	if !accept {
		return nil
	}
	return os.WriteFile(walkPage, []byte(text), 0o644)
}

// linesOf returns the lines of a function, "12-34", or of a method, which is
// named Type.Method.
func linesOf(path, name string) (string, error) {
	fset, files, err := parse(filepath.Dir(path), false)
	if err != nil {
		return "", err
	}

	for _, file := range files {
		if fset.Position(file.Pos()).Filename != filepath.FromSlash(path) {
			continue
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || nameOf(f) != name {
				continue
			}
			from, to := fset.Position(f.Pos()), fset.Position(f.End())
			return fmt.Sprintf("%d-%d", from.Line, to.Line), nil
		}
	}
	return "", fmt.Errorf("%s has no function %s", path, name)
}

func nameOf(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	typ := f.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if receiver, ok := typ.(*ast.Ident); ok {
		return receiver.Name + "." + f.Name.Name
	}
	return f.Name.Name
}
