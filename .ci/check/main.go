// Command check holds what no linter holds: the exported API against a saved
// listing, the paragraphs of the code, and the way through it.
//
//	go run ./.ci/check api              compares each package with .ci/api
//	go run ./.ci/check api -accept      writes the listings anew
//	go run ./.ci/check style            refuses dense functions, wide comments
//	go run ./.ci/check style mail hash  in these folders
//	go run ./.ci/check measure          prints the figures of the house style
//	go run ./.ci/check walk             compares the lines CONTRIBUTING names
//	go run ./.ci/check walk -accept     writes those lines anew
//	go run ./.ci/check docs             compares documentation and tested code
//	go run ./.ci/check sbom             lists what is built in, with licences
//	go run ./.ci/check sbom -accept     writes that list anew
//	go run ./.ci/check trace            holds standards, tests and duties together
//	go run ./.ci/check trace -accept    writes the page of them anew
package main

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) < 2 {
		fail("usage: check api|style|measure|walk|docs|sbom|trace")
	}

	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	accept := flags.Bool("accept", false, "write the saved text anew")
	_ = flags.Parse(os.Args[2:])

	if os.Args[1] != "style" && flags.NArg() > 0 {
		fail("only style takes folders")
	}

	dirs, err := packages(".", flags.Args())
	if err != nil {
		fail(err.Error())
	}

	switch os.Args[1] {
	case "api":
		err = checkAPI(dirs, *accept)
	case "style":
		err = checkStyle(dirs)
	case "measure":
		err = measure(dirs)
	case "walk":
		err = checkWalk(*accept)
	case "docs":
		err = checkDocs(dirs)
	case "sbom":
		err = checkBOM(*accept)
	case "trace":
		err = checkTrace(dirs, *accept)
	default:
		err = fmt.Errorf("unknown check %q", os.Args[1])
	}
	if err != nil {
		fail(err.Error())
	}
}

func fail(text string) {
	fmt.Fprintln(os.Stderr, "check: "+text)
	os.Exit(1)
}

// packages lists the folders below root that hold Go files, apart from hidden
// ones and test data. The examples, a module of their own, are included. Where
// folders are named, it lists these and what is below them.
func packages(root string, named []string) ([]string, error) {
	var dirs []string

	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}

		name := e.Name()
		if e.IsDir() {
			hidden := strings.HasPrefix(name, ".") && path != root && name != ".ci"
			if hidden || name == "testdata" || name == "node_modules" {
				return filepath.SkipDir
			}
			return nil
		}

		dir := filepath.Dir(path)
		wanted := strings.HasSuffix(name, ".go") && below(dir, named)
		if wanted && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
		return nil
	})
	return dirs, err
}

// below reports whether dir is one of the named folders or inside one. The
// form of Go's own commands, ./mail/..., is understood.
func below(dir string, named []string) bool {
	for _, n := range named {
		n = filepath.Clean(strings.TrimSuffix(n, "..."))
		if n == "." || dir == n || strings.HasPrefix(dir, n+string(filepath.Separator)) {
			return true
		}
	}
	return len(named) == 0
}
