package openapi

import (
	"encoding/json"
	"fmt"
	"strings"
)

// A response is one of the document, or points to one.
type response struct {
	Ref     string `json:"$ref"`
	Content map[string]struct {
		Schema struct {
			Properties struct {
				Code struct{ Enum []string }
			}
		}
	}
}

// documentedIn lists the answers in a document, one for each code.
func documentedIn(text []byte) (map[string]bool, error) {
	var document struct {
		Paths map[string]map[string]struct {
			Responses map[string]response
		}
		Components struct{ Responses map[string]response }
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}

	found := map[string]bool{}
	for path, operations := range document.Paths {
		for method, operation := range operations {
			for status, of := range operation.Responses {
				if name, ok := strings.CutPrefix(
					of.Ref, "#/components/responses/"); ok {
					of = document.Components.Responses[name]
				}

				answer := strings.ToUpper(method) + " " + path + " " + status
				codes := of.Content["application/problem+json"].
					Schema.Properties.Code.Enum
				if len(codes) == 0 {
					found[answer] = true
				}
				for _, code := range codes {
					found[answer+" "+code] = true
				}
			}
		}
	}
	return found, nil
}

// closed returns the document with every object closed that does not say
// whether it is open, so that an answer with a member too many is a fault.
func closed(text []byte) ([]byte, error) {
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}

	var walk func(any)
	walk = func(node any) {
		switch node := node.(type) {
		case []any:
			for _, inner := range node {
				walk(inner)
			}
		case map[string]any:
			_, named := node["properties"].(map[string]any)
			_, said := node["additionalProperties"]
			if node["type"] == "object" && named && !said {
				node["additionalProperties"] = false
			}
			for _, inner := range node {
				walk(inner)
			}
		}
	}
	walk(document)
	return json.Marshal(document)
}
