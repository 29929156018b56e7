package resethttp

import (
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"text/template/parse"
)

// faults lists what is wrong with the files of the host. These are names that
// replace nothing, blocks that nothing shows, and whatever the content security
// policy would silently keep a browser from using.
func (f files) faults(allowed ContentSources, site string) []error {
	if f.host == nil {
		return nil
	}

	var found []error
	fault := func(err error) {
		found = append(found, fmt.Errorf("resethttp: Config.Files: %w", err))
	}
	for _, pattern := range []string{"assets/*", "pages/*"} {
		names, err := fs.Glob(f.host, pattern)
		if err != nil {
			fault(err)
		}
		for _, name := range names {
			for _, err := range f.faultsOf(name, allowed, site) {
				fault(err)
			}
		}
	}
	return found
}

// faultsOf is faults for one file.
func (f files) faultsOf(
	name string, allowed ContentSources, site string,
) []error {
	if strings.HasPrefix(path.Base(name), ".") {
		return nil // It is a file manager's.
	}
	if _, err := fs.Stat(embedded, name); err != nil {
		return []error{
			fmt.Errorf("%s is not one of the files of the pages", name),
		}
	}
	content, err := fs.ReadFile(f.host, name)
	if err != nil {
		return []error{fmt.Errorf("%s: %w", name, err)}
	}

	var found []error
	text := string(content)
	for _, reason := range slices.Concat(
		f.unseen(name, text), blocked(name, text, allowed, site),
	) {
		found = append(found, fmt.Errorf("%s: %s", name, reason))
	}
	return found
}

var (
	calls   = regexp.MustCompile(`\{\{-?\s*(?:template|block)\s+"([^"]+)"`)
	defines = regexp.MustCompile(`\{\{-?\s*(?:define|block)\s+"([^"]+)"`)
)

// unseen returns which parts of a page's file would be parsed and then never be
// shown, and which blocks it shows that nobody has.
func (f files) unseen(name, content string) (reasons []string) {
	if path.Ext(name) != ".html" {
		return nil
	}
	say := func(format string, args ...any) {
		reasons = append(reasons, fmt.Sprintf(format, args...))
	}

	called, defined := f.names(calls), f.names(defines)
	for _, call := range calls.FindAllStringSubmatch(content, -1) {
		if !slices.Contains(defined, call[1]) {
			say("no such template %q", call[1])
		}
	}

	blocks := make(map[string]*parse.Tree)
	tree := parse.New(name)
	tree.Mode = parse.SkipFuncCheck
	if _, err := tree.Parse(content, "", "", blocks); err != nil {
		return reasons // newTemplates says so
	}
	builtin, _ := fs.ReadFile(embedded, name)
	for block, tree := range blocks {
		empty := parse.IsEmptyTree(tree.Root)
		switch {
		case block == name && !empty:
			say("there is text outside of {{define}}")
		case block == name:
		case !slices.Contains(append(called, "layout"), block):
			say("nothing shows the block %q", block)
		case empty && !strings.Contains(
			string(builtin), `{{define "`+block+`"}}{{end}}`):
			// The parser keeps the earlier definition then.
			say(`the block %q is empty, want at least {{""}} in it`, block)
		}
	}
	slices.Sort(reasons)
	return reasons
}

// names returns what an expression finds in the files of all pages.
func (f files) names(expression *regexp.Regexp) []string {
	var names []string
	for _, page := range append(pageNames, pageParts...) {
		for _, text := range f.layers("pages/" + page + ".html") {
			for _, found := range expression.FindAllStringSubmatch(text, -1) {
				names = append(names, found[1])
			}
		}
	}
	return append(names, "main")
}

var (
	actions   = regexp.MustCompile(`(?s)\{\{.*?\}\}`)
	comments  = regexp.MustCompile(`(?s)<!--.*?-->`)
	tags      = regexp.MustCompile(`<([a-zA-Z][a-zA-Z0-9]*)((?:[^>"']|"[^"]*"|'[^']*')*)>`)
	attribute = regexp.MustCompile(
		`([^\s=/>"']+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>]+))?`)
	imports = regexp.MustCompile(`(?i)@(import|font-face)\b`)
	urls    = regexp.MustCompile(`(?i)url\(\s*["']?([^"')]*)`)
)

// blocked returns what the content security policy would keep out of a file,
// and what to do about it. It reads tags as they stand in the file, without
// what actions put into them.
func blocked(
	name, content string, allowed ContentSources, site string,
) (reasons []string) {
	switch path.Ext(name) {
	case ".css":
		for _, rule := range imports.FindAllString(content, -1) {
			reasons = append(reasons, rule+" is blocked by the content security"+
				" policy; put the rules here, and name fonts of the system")
		}
		for _, found := range urls.FindAllStringSubmatch(content, -1) {
			if !loads(found[1], site, allowed.Image) {
				reasons = append(reasons, foreignImage(found[1]))
			}
		}

	case ".html":
		text := actions.ReplaceAllString(content, "")
		text = comments.ReplaceAllString(text, "")
		for _, tag := range tags.FindAllStringSubmatch(text, -1) {
			attributes := map[string]string{}
			for _, a := range attribute.FindAllStringSubmatch(tag[2], -1) {
				attributes[strings.ToLower(a[1])] = strings.Trim(a[2], `"'`)
			}
			reasons = append(reasons, blockedTag(
				name, strings.ToLower(tag[1]), attributes, allowed, site)...)
		}
	}
	return reasons
}

// blockedTag is blocked for one tag.
func blockedTag(
	name, tag string, attributes map[string]string,
	allowed ContentSources, site string,
) (reasons []string) {
	say := func(what, instead string) {
		reasons = append(reasons, what+
			" is blocked by the content security policy; "+instead)
	}
	// The built-in layout has the one style and the one script.
	layout := name == "pages/layout.html" && len(attributes) == 0
	rel := strings.ToLower(attributes["rel"])

	switch {
	case tag == "style" && !layout:
		say("<style>", "put its rules into assets/style.css")
	case tag == "script" && !layout &&
		!loads(attributes["src"], "", allowed.Script):
		say("<script>", "put its code into assets/script.js, or its origin"+
			" into Config.Sources.Script")
	case tag == "link" && strings.Contains(rel, "stylesheet") &&
		!loads(attributes["href"], "", allowed.Style):
		say("<link rel=stylesheet>", "put its rules into assets/style.css, or"+
			" its origin into Config.Sources.Style")
	case tag == "iframe" && !loads(attributes["src"], "", allowed.Frame):
		say("<iframe>", "put its origin into Config.Sources.Frame")
	case slices.Contains([]string{
		"object", "embed", "base", "audio", "video", "frame",
	}, tag):
		say("<"+tag+">", "leave it out")
	case tag == "img" && !loads(attributes["src"], site, allowed.Image):
		reasons = append(reasons, foreignImage(attributes["src"]))
	}

	for key, value := range attributes {
		value = strings.ToLower(strings.TrimSpace(value))
		switch {
		case key == "style":
			say("the attribute style", "put its rules into assets/style.css")
		case strings.HasPrefix(key, "on") && len(key) > 2:
			say("the attribute "+key, "put its code into assets/script.js")
		case strings.HasPrefix(value, "javascript:"):
			say("javascript: in "+key, "put its code into assets/script.js")
		}
	}
	slices.Sort(reasons)
	return reasons
}

func foreignImage(address string) string {
	return fmt.Sprintf("the image %q is blocked by the content security"+
		" policy; serve it from the site, or put its origin into"+
		" Config.Sources.Image", address)
}

// loads reports whether a browser may load an address. An empty one, which an
// action fills in, may be loaded where the site's own may.
func loads(address, site string, sources []string) bool {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return false
	}
	if u.Host == "" {
		return site != ""
	}

	origin := strings.ToLower("https://" + u.Host)
	if u.Scheme != "" {
		origin = strings.ToLower(u.Scheme + "://" + u.Host)
	}
	return origin == site || allowedBy(sources, origin)
}
