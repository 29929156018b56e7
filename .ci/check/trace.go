package main

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	tracePage    = ".github/TRACEABILITY.md"
	requirements = ".ci/requirements.txt"
	dutiesPage   = ".github/SECURITY.md"
	gateScript   = ".ci/run"
)

// A requirement is one line of a public standard. Its kind is library, host,
// both or gate, and named is the host's duty, or the step of the gate.
type requirement struct {
	id, kind, named, text, standard string
}

// A covering is a test whose comment names a requirement.
type covering struct {
	test, file string
}

// checkTrace holds the requirements, the tags of the tests and the duties of
// the host together, and compares the page that is made of them.
func checkTrace(dirs []string, accept bool) error {
	rows, err := readRequirements(requirements)
	if err != nil {
		return err
	}
	tags, err := readTags(dirs)
	if err != nil {
		return err
	}
	security, err := os.ReadFile(dutiesPage)
	if err != nil {
		return err
	}
	gate, err := os.ReadFile(gateScript)
	if err != nil {
		return err
	}

	wrong := untraced(rows, tags, string(security), string(gate))
	if len(wrong) > 0 {
		fmt.Println(strings.Join(wrong, "\n"))
		return errors.New("requirements, tests and duties do not agree")
	}

	text := traceText(rows, tags)
	if accept {
		return os.WriteFile(tracePage, []byte(text), 0o644)
	}
	page, err := os.ReadFile(tracePage)
	if err != nil || string(page) != text {
		return errors.New(
			tracePage + " is out of date: go run ./.ci/check trace -accept",
		)
	}
	return nil
}

func readRequirements(path string) ([]requirement, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}

	var rows []requirement
	var standard string
	seen := map[string]bool{}

	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if heading, ok := strings.CutPrefix(line, "## "); ok {
			standard = heading
		}
		if line == "" || line[0] == '#' {
			continue
		}

		part := strings.Split(line, " | ")
		if len(part) != 3 || seen[part[0]] {
			return nil, fmt.Errorf("%s: line %q", path, line)
		}
		seen[part[0]] = true

		kind, named, _ := strings.Cut(part[1], ": ")
		rows = append(rows, requirement{
			id: part[0], kind: kind, named: named, text: part[2],
			standard: standard,
		})
	}
	return rows, nil
}

// readTags collects the tests whose comments say //lostkey:covers.
func readTags(dirs []string) (map[string][]covering, error) {
	tags := map[string][]covering{}

	for _, dir := range dirs {
		fset, files, err := parse(dir, true)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			path := fset.Position(file.Pos()).Filename
			for _, decl := range file.Decls {
				f, ok := decl.(*ast.FuncDecl)
				if !ok {
					continue
				}
				for _, id := range tagsOf(f) {
					tags[id] = append(tags[id], covering{
						f.Name.Name, filepath.ToSlash(path),
					})
				}
			}
		}
	}

	for _, tests := range tags {
		slices.SortFunc(tests, func(a, b covering) int {
			return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.test, b.test))
		})
	}
	return tags, nil
}

func tagsOf(f *ast.FuncDecl) []string {
	if f.Doc == nil {
		return nil
	}
	var ids []string
	for _, line := range f.Doc.List {
		if rest, ok := strings.CutPrefix(line.Text, "//lostkey:covers "); ok {
			ids = append(ids, strings.Fields(rest)...)
		}
	}
	return ids
}

// untraced lists what has no test, names no duty or is no requirement.
func untraced(
	rows []requirement, tags map[string][]covering, security, gate string,
) []string {
	var wrong []string
	known := map[string]bool{}

	for _, row := range rows {
		known[row.id] = true
		tested := len(tags[row.id]) > 0
		duty := strings.Contains(security, "| **"+row.named+"** |")
		step := strings.Contains(gate, "step \""+row.named+"\"")

		held := map[string]bool{
			"library": tested && row.named == "",
			"both":    tested && duty,
			"host":    !tested && duty,
			"gate":    !tested && step,
		}
		if !held[row.kind] {
			wrong = append(wrong, fmt.Sprintf("%s: %s %s is not held (tests: %d)",
				row.id, row.kind, row.named, len(tags[row.id])))
		}
	}

	for id, tests := range tags {
		for _, c := range tests {
			if !known[id] {
				wrong = append(wrong, c.test+" covers "+id+", which is unknown")
			}
			if !strings.HasPrefix(c.test, "Test") &&
				!strings.HasPrefix(c.test, "Fuzz") {
				wrong = append(wrong, c.test+" is no test, and covers "+id)
			}
		}
	}
	slices.Sort(wrong)
	return wrong
}

const traceHead = `# Traceability

What public standards ask of a password reset, requirement by requirement, and
the tests that hold it or the duty of the application that imports the library.
The texts are ours and short. The standards have the exact words: [ASVS 5.0],
the OWASP cheat sheets on [forgotten passwords] and [password storage],
[NIST SP 800-63B-4], [RFC 8725] and [CWE]. Requirements on what the library does
not do (logins, sessions, files, OAuth) are left out.

Made by ` + "`go run ./.ci/check trace -accept`" + ` from the tags of the tests.
The gate refuses a requirement without a test or a duty, and a tag that names no
requirement. Duties are explained in [SECURITY.md](SECURITY.md).

[ASVS 5.0]: https://github.com/OWASP/ASVS/tree/master/5.0
[forgotten passwords]: https://cheatsheetseries.owasp.org/cheatsheets/Forgot_Password_Cheat_Sheet.html
[password storage]: https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
[NIST SP 800-63B-4]: https://pages.nist.gov/800-63-4/sp800-63b.html
[RFC 8725]: https://www.rfc-editor.org/rfc/rfc8725
[CWE]: https://cwe.mitre.org/
`

func traceText(rows []requirement, tags map[string][]covering) string {
	var b strings.Builder
	b.WriteString(traceHead)

	standard := ""
	for _, row := range rows {
		if row.standard != standard {
			standard = row.standard
			fmt.Fprintf(&b, "\n## %s\n\n", standard)
			b.WriteString("| requirement | asks | held by |\n")
			b.WriteString("| --- | --- | --- |\n")
		}

		var held []string
		for _, c := range tags[row.id] {
			held = append(held, fmt.Sprintf("[%s](../%s)", c.test, c.file))
		}
		switch row.kind {
		case "host", "both":
			held = append(held, "the host: "+row.named)
		case "gate":
			held = append(held, "the gate: "+row.named)
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n",
			row.id, row.text, strings.Join(held, ", "))
	}
	return b.String()
}
