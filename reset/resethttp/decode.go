package resethttp

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"
)

// readJSON reads one JSON object with exactly the members of want, each once
// and each a string. encoding/json alone would let the last of two members win,
// match names in any case and turn half a surrogate into U+FFFD, so that two
// readers of one body could see two passwords.
func readJSON(
	w http.ResponseWriter, r *http.Request, want map[string]*string,
) error {
	body, err := readBody(w, r, "application/json")
	if err != nil {
		return err
	}

	decoder := json.NewDecoder(bytes.NewReader(body))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return errUnreadable
	}
	seen := map[string]bool{}
	for decoder.More() {
		name, err := readString(decoder)
		if err != nil || want[name] == nil || seen[name] {
			return errUnreadable
		}
		seen[name] = true
		if *want[name], err = readString(decoder); err != nil {
			return errUnreadable
		}
	}

	if end, err := decoder.Token(); err != nil ||
		end != json.Delim('}') || len(seen) != len(want) {
		return errUnreadable
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errUnreadable
	}
	return nil
}

func readString(decoder *json.Decoder) (string, error) {
	value, err := decoder.Token()
	text, ok := value.(string)
	if err != nil || !ok || strings.ContainsRune(text, utf8.RuneError) {
		return "", errUnreadable
	}
	return text, nil
}
