package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/doc"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// checkDocs holds the pages and the package documentation against the code.
// Each Go block must be a copy of code that is compiled and run by tests, and
// each link within the repository must lead somewhere.
func checkDocs(dirs []string) error {
	tested, err := testedCode(dirs)
	if err != nil {
		return err
	}
	pages, err := markdown(".")
	if err != nil {
		return err
	}

	var wrong []string
	for _, page := range pages {
		found, err := checkPage(page, tested)
		if err != nil {
			return err
		}
		wrong = append(wrong, found...)
	}
	for _, dir := range dirs {
		found, err := checkPackageDoc(dir, tested)
		if err != nil {
			return err
		}
		wrong = append(wrong, found...)
	}

	if len(wrong) == 0 {
		return nil
	}
	fmt.Println(strings.Join(wrong, "\n"))
	return errors.New("the documentation does not agree with the code")
}

// testedCode reads the files that tests compile and run: all Go files in
// folders that have a test.
func testedCode(dirs []string) ([][]string, error) {
	var code [][]string
	for _, dir := range dirs {
		names, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(names, func(name string) bool {
			return strings.HasSuffix(name, "_test.go")
		}) {
			continue
		}

		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			code = append(code, significant(string(text)))
		}
	}
	return code, nil
}

// significant returns the lines of code without indentation and blank lines.
func significant(code string) []string {
	var lines []string
	for line := range strings.Lines(code) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// elision stands for lines that a block leaves out.
const elision = "// ..."

// isCopy reports whether the lines of a block stand in one file, in their
// order and together, apart from elisions.
func isCopy(block string, code [][]string) bool {
	var runs [][]string
	run := []string{}
	for _, line := range significant(block) {
		if line != elision {
			run = append(run, line)
			continue
		}
		runs = append(runs, run)
		run = []string{}
	}
	runs = append(runs, run)

	return slices.ContainsFunc(code, func(file []string) bool {
		for _, run := range runs {
			at := index(file, run)
			if at < 0 {
				return false
			}
			file = file[at+len(run):]
		}
		return true
	})
}

func index(file, run []string) int {
	for at := 0; at+len(run) <= len(file); at++ {
		if slices.Equal(file[at:at+len(run)], run) {
			return at
		}
	}
	return -1
}

// markdown lists the pages below root, those of .github included.
func markdown(root string) ([]string, error) {
	var pages []string
	err := filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && slices.Contains(
			[]string{".git", "testdata", "node_modules"}, e.Name()) {
			return filepath.SkipDir
		}
		if strings.HasSuffix(p, ".md") {
			pages = append(pages, filepath.ToSlash(p))
		}
		return nil
	})
	return pages, err
}

var (
	goBlock  = regexp.MustCompile("(?ms)^```go\n(.*?)^```")
	anyBlock = regexp.MustCompile("(?ms)^```.*?^```")
	pageLink = regexp.MustCompile(`\]\(([^)\s]+)\)|(?m)^\[[^\]]+\]: (\S+)|src="([^"]+)"`)
	recipe   = regexp.MustCompile("\\[`(Example\\w*)`\\]\\(([^)\\s]+)\\)")
	heading  = regexp.MustCompile(`(?m)^#+ (.*)$`)
	slugDrop = regexp.MustCompile(`[^\p{L}\p{N}\- _]`)
)

func checkPage(page string, tested [][]string) ([]string, error) {
	text, err := os.ReadFile(page)
	if err != nil {
		return nil, err
	}

	var wrong []string
	for _, block := range goBlock.FindAllSubmatch(text, -1) {
		if !isCopy(string(block[1]), tested) {
			first, _, _ := strings.Cut(strings.TrimSpace(string(block[1])), "\n")
			wrong = append(wrong, fmt.Sprintf(
				"%s: no copy of tested code: %s", page, first))
		}
	}

	prose := anyBlock.ReplaceAll(text, nil)
	for _, r := range recipe.FindAllSubmatch(prose, -1) {
		code, err := os.ReadFile(path.Join(path.Dir(page), string(r[2])))
		if err != nil || !bytes.Contains(code, []byte("func "+string(r[1])+"(")) {
			wrong = append(wrong, fmt.Sprintf("%s: no %s in %s", page, r[1], r[2]))
		}
	}
	for _, link := range pageLink.FindAllSubmatch(prose, -1) {
		target := string(bytes.Join(link[1:], nil))
		if strings.Contains(target, "://") ||
			strings.HasPrefix(target, "mailto:") {
			continue
		}
		if !resolves(page, target) {
			wrong = append(wrong, page+": no such place: "+target)
		}
	}
	return wrong, nil
}

// resolves reports whether a link of a page leads to a file, and to a heading
// of it where it names one.
func resolves(page, target string) bool {
	file, anchor, _ := strings.Cut(target, "#")
	if file == "" {
		file = page
	} else {
		file = path.Join(path.Dir(page), file)
	}

	if anchor == "" || !strings.HasSuffix(file, ".md") {
		_, err := os.Stat(file)
		return err == nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	for _, h := range heading.FindAllSubmatch(text, -1) {
		slug := slugDrop.ReplaceAllString(strings.ToLower(string(h[1])), "")
		if strings.ReplaceAll(slug, " ", "-") == anchor {
			return true
		}
	}
	return false
}

// docName is what a link in a comment looks like before it is resolved.
var docName = regexp.MustCompile(`(?:^|[^\w])\[\*?[\w/.]*\.?[A-Z]\w*(\.[A-Z]\w*)*\]`)

// checkPackageDoc looks at the comments of one package.
func checkPackageDoc(dir string, tested [][]string) ([]string, error) {
	fset, files, err := parse(dir, true)
	if err != nil || len(files) == 0 {
		return nil, err
	}
	files = slices.DeleteFunc(files, func(f *ast.File) bool {
		return ast.IsGenerated(f) || strings.HasSuffix(f.Name.Name, "_test")
	})
	if len(files) == 0 {
		return nil, nil
	}
	pkg, err := doc.NewFromFiles(fset, files, "x/"+filepath.ToSlash(dir))
	if err != nil {
		return nil, err
	}

	var wrong []string
	read := pkg.Parser()
	for _, text := range commentsOf(pkg) {
		for _, block := range read.Parse(text).Content {
			wrong = append(wrong, checkBlock(dir, block, tested)...)
		}
	}
	return wrong, nil
}

func commentsOf(pkg *doc.Package) []string {
	texts := []string{pkg.Doc}
	values := slices.Concat(pkg.Consts, pkg.Vars)
	funcs := pkg.Funcs

	for _, typ := range pkg.Types {
		texts = append(texts, typ.Doc)
		values = slices.Concat(values, typ.Consts, typ.Vars)
		funcs = slices.Concat(funcs, typ.Funcs, typ.Methods)
	}
	for _, value := range values {
		texts = append(texts, value.Doc)
	}
	for _, f := range funcs {
		texts = append(texts, f.Doc)
	}
	return texts
}

func checkBlock(dir string, block comment.Block, tested [][]string) []string {
	var wrong []string
	switch block := block.(type) {
	case *comment.Code:
		if isGo(block.Text) && !isCopy(block.Text, tested) {
			first, _, _ := strings.Cut(block.Text, "\n")
			wrong = append(wrong, dir+": no copy of tested code: "+first)
		}
	case *comment.Paragraph:
		wrong = unresolved(dir, block.Text)
	case *comment.Heading:
		wrong = unresolved(dir, block.Text)
	case *comment.List:
		for _, item := range block.Items {
			for _, b := range item.Content {
				wrong = append(wrong, checkBlock(dir, b, tested)...)
			}
		}
	}
	return wrong
}

// unresolved finds names in brackets that lead nowhere.
func unresolved(dir string, text []comment.Text) []string {
	var wrong []string
	for _, t := range text {
		plain, ok := t.(comment.Plain)
		if !ok {
			continue
		}
		for _, name := range docName.FindAllString(string(plain), -1) {
			wrong = append(wrong, dir+": no such name: "+name)
		}
	}
	return wrong
}

// isGo reports whether a block of a comment is Go, and no SQL, shell or table.
func isGo(text string) bool {
	if !strings.ContainsAny(text, "(=") {
		return false
	}
	fset := token.NewFileSet()
	for _, wrapped := range []string{
		text, "package p\n" + text, "package p\nfunc _() {\n" + text + "\n}",
	} {
		if _, err := parser.ParseFile(fset, "", wrapped, 0); err == nil {
			return true
		}
	}
	return false
}
