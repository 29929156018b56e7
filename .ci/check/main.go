// Command check holds what no linter holds: the exported API against a saved
// listing, the paragraphs of the code, and the way through it.
//
//	go run ./.ci/check api            compares each package with .ci/api
//	go run ./.ci/check api -accept    writes the listings anew
//	go run ./.ci/check style          refuses long functions without a paragraph
//	go run ./.ci/check measure        prints the figures of the house style
//	go run ./.ci/check walk           compares the lines that CONTRIBUTING names
//	go run ./.ci/check walk -accept   writes those lines anew
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
		fail("usage: check api|style|measure|walk")
	}

	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	accept := flags.Bool("accept", false, "write the saved text anew")
	_ = flags.Parse(os.Args[2:])

	dirs, err := packages(".")
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
// ones and test data. The examples, a module of their own, are included.
func packages(root string) ([]string, error) {
	var dirs []string

	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}

		name := e.Name()
		if e.IsDir() {
			hidden := strings.HasPrefix(name, ".") && path != root
			if hidden || name == "testdata" || name == "node_modules" {
				return filepath.SkipDir
			}
			return nil
		}

		dir := filepath.Dir(path)
		if strings.HasSuffix(name, ".go") && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
		return nil
	})
	return dirs, err
}
