package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const bomFile = ".github/sbom.cdx.json"

// A module is one that is built into programs that import the library.
type module struct {
	Path, Version, Dir string
	Main               bool
}

// A component is a module in the form of CycloneDX 1.6.
type component struct {
	Type     string          `json:"type"`
	Name     string          `json:"name"`
	Version  string          `json:"version"`
	PURL     string          `json:"purl"`
	Licences []licenceChoice `json:"licenses"`
}

type licenceChoice struct {
	Licence licenceID `json:"license"`
}

type licenceID struct {
	ID string `json:"id"`
}

type bom struct {
	Format     string      `json:"bomFormat"`
	Spec       string      `json:"specVersion"`
	Version    int         `json:"version"`
	Components []component `json:"components"`
}

// licences are those that may be built in, with words that only they have.
var licences = map[string][]string{
	"MIT":          {"Permission is hereby granted, free of charge"},
	"BSD-3-Clause": {"Redistribution and use in source", "Neither the name"},
	"Apache-2.0":   {"Apache License", "Version 2.0"},
}

// checkBOM lists what is built in with its licences, and compares the list.
func checkBOM(accept bool) error {
	modules, err := builtIn()
	if err != nil {
		return err
	}

	list := bom{Format: "CycloneDX", Spec: "1.6", Version: 1}
	for _, m := range modules {
		id, err := licenceOf(m.Dir)
		if err != nil {
			return fmt.Errorf("%s: %w", m.Path, err)
		}
		fmt.Printf("%s %s %s\n", m.Path, m.Version, id)
		list.Components = append(list.Components, component{
			Type: "library", Name: m.Path, Version: m.Version,
			PURL:     "pkg:golang/" + m.Path + "@" + m.Version,
			Licences: []licenceChoice{{licenceID{id}}},
		})
	}

	text, err := json.MarshalIndent(list, "", "\t")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if accept {
		return os.WriteFile(bomFile, text, 0o644)
	}
	if was, err := os.ReadFile(bomFile); err != nil || !bytes.Equal(was, text) {
		return errors.New(
			bomFile + " is out of date: go run ./.ci/check sbom -accept",
		)
	}
	return nil
}

// builtIn lists the modules that packages of the library import, tests apart.
func builtIn() ([]module, error) {
	list := exec.CommandContext(
		context.Background(), "go", "list", "-deps", "-json=Module",
		"./token/...", "./hash/...", "./mail/...", "./reset/...")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return nil, err
	}

	seen := map[string]module{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg struct{ Module *module }
		err := decoder.Decode(&pkg)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if pkg.Module != nil && !pkg.Module.Main {
			seen[pkg.Module.Path] = *pkg.Module
		}
	}

	var modules []module
	for _, m := range seen {
		modules = append(modules, m)
	}
	slices.SortFunc(modules, func(a, b module) int {
		return strings.Compare(a.Path, b.Path)
	})
	return modules, nil
}

// licenceOf reads the licence of a module.
func licenceOf(dir string) (string, error) {
	names, err := filepath.Glob(filepath.Join(dir, "LICENSE*"))
	if err != nil || len(names) == 0 {
		return "", errors.Join(err, errors.New("no licence"))
	}
	text, err := os.ReadFile(names[0])
	if err != nil {
		return "", err
	}

	for id, words := range licences {
		if !slices.ContainsFunc(words, func(word string) bool {
			return !bytes.Contains(text, []byte(word))
		}) {
			return id, nil
		}
	}
	return "", errors.New("a licence that may not be built in")
}
