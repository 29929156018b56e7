// Command dts writes the TypeScript declaration of an OpenAPI 3.1 document:
// each schema, and what each operation takes and answers. It knows what the
// document of reset/resethttp is made of and no more.
//
//	dts openapi.json api.d.ts
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "dts:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: dts openapi.json api.d.ts")
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	var doc document
	if err := json.Unmarshal(text, &doc); err != nil {
		return fmt.Errorf("read %s: %w", args[0], err)
	}

	var w writer
	w.line("// Made from openapi.json by dts. Do not edit.")
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
		w.schema(name, doc.Components.Schemas[name])
	}
	w.operations(doc)
	return os.WriteFile(args[1], []byte(w.text.String()), 0o600)
}

type document struct {
	Paths      map[string]map[string]operation
	Components struct {
		Schemas   map[string]schema
		Responses map[string]response
	}
}

type operation struct {
	OperationID string
	Summary     string
	RequestBody struct{ Content map[string]media }
	Responses   map[string]response
}

type response struct {
	Ref     string `json:"$ref"`
	Content map[string]media
}

type media struct{ Schema schema }

type schema struct {
	Ref         string `json:"$ref"`
	Type        string
	Description string
	Enum        []string
	Items       *schema
	Required    []string
	Properties  map[string]schema
}

// writer collects lines.
type writer struct {
	text   strings.Builder
	indent int
}

func (w *writer) line(format string, args ...any) {
	w.text.WriteString(strings.Repeat("\t", w.indent))
	fmt.Fprintf(&w.text, format, args...)
	w.text.WriteByte('\n')
}

func (w *writer) comment(text string) {
	if text != "" {
		w.line("/** %s */", strings.ReplaceAll(text, "*/", "* /"))
	}
}

func (w *writer) schema(name string, of schema) {
	w.line("")
	w.comment(of.Description)
	if of.Type != "object" {
		w.line("export type %s = %s;", name, typeOf(of))
		return
	}

	w.line("export interface %s {", name)
	w.indent++
	for _, member := range slices.Sorted(maps.Keys(of.Properties)) {
		w.comment(of.Properties[member].Description)
		optional := "?"
		if slices.Contains(of.Required, member) {
			optional = ""
		}
		w.line("%s%s: %s;", member, optional, typeOf(of.Properties[member]))
	}
	w.indent--
	w.line("}")
}

func (w *writer) operations(doc document) {
	w.line("")
	w.comment("What each operation takes and answers.")
	w.line("export interface Operations {")
	w.indent++
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(doc.Paths[path])) {
			if method != "options" { // A browser sends these by itself.
				w.operation(doc, path, method)
			}
		}
	}
	w.indent--
	w.line("}")
}

func (w *writer) operation(doc document, path, method string) {
	of := doc.Paths[path][method]
	w.comment(of.Summary)
	w.line("%s: {", of.OperationID)
	w.indent++
	w.line("method: %q;", strings.ToUpper(method))
	w.line("path: %q;", path)
	w.line("body: %s;", bodyOf(of.RequestBody.Content))

	w.line("answers: {")
	w.indent++
	for _, status := range slices.Sorted(maps.Keys(of.Responses)) {
		answer := of.Responses[status]
		if name, ok := last(answer.Ref); ok {
			answer = doc.Components.Responses[name]
		}
		w.line("%s: %s;", status, bodyOf(answer.Content))
	}
	w.indent--
	w.line("};")
	w.indent--
	w.line("};")
}

// bodyOf returns the type of a body, which has one media type or none.
func bodyOf(content map[string]media) string {
	for _, of := range content {
		return typeOf(of.Schema)
	}
	return "undefined"
}

func typeOf(of schema) string {
	if name, ok := last(of.Ref); ok {
		if code, ok := of.Properties["code"]; ok {
			return name + " & { code: " + typeOf(code) + " }"
		}
		return name
	}

	switch {
	case len(of.Enum) > 0:
		values := make([]string, len(of.Enum))
		for i, value := range of.Enum {
			values[i] = strconv.Quote(value)
		}
		return strings.Join(values, " | ")
	case of.Type == "array":
		return typeOf(*of.Items) + "[]"
	case of.Type == "integer":
		return "number"
	}
	return of.Type
}

// last returns the name that a reference ends with.
func last(ref string) (string, bool) {
	return ref[strings.LastIndexByte(ref, '/')+1:], ref != ""
}
