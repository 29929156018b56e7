package main

import (
	"fmt"
	"path/filepath"
	"strings"
)

// measure prints, for each package without its tests, what the house style
// counts.
func measure(dirs []string) error {
	fmt.Println("package | exported | blank % | functions >= 20 lines | " +
		"of them dense | longest | widest")

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
		field := strings.HasPrefix(line, "type ") && strings.Contains(line, ", ")
		if !method && !field {
			n++
		}
	}
	return n
}

// widestLine returns the columns of the widest line of a package.
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
		err := eachLine(name, func(_ int, _ string, columns int) {
			widest = max(widest, columns)
		})
		if err != nil {
			return 0, err
		}
	}
	return widest, nil
}
