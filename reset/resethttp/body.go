package resethttp

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// maxBody is the largest body that is read. The largest honest one is a token
// of 260 characters and a password of 1,024 bytes, each of which takes three in
// a form.
const maxBody = 16 << 10

var (
	errTooLarge    = errors.New("resethttp: the body is too large")
	errUnsupported = errors.New("resethttp: the body is of another type")
	errUnreadable  = errors.New("resethttp: the body cannot be read")
)

// readBody reads a body of the given media type in UTF-8.
func readBody(
	w http.ResponseWriter, r *http.Request, mediaType string,
) ([]byte, error) {
	got, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || got != mediaType ||
		len(r.Header.Values("Content-Type")) > 1 ||
		r.Header.Get("Content-Encoding") != "" {
		return nil, errUnsupported
	}
	if charset, ok := params["charset"]; ok && !isUTF8(charset) {
		return nil, errUnsupported
	}

	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, errTooLarge
	}
	if err != nil {
		return nil, errUnreadable
	}
	return body, nil
}

func isUTF8(charset string) bool {
	switch charset {
	case "utf-8", "UTF-8", "utf8", "UTF8":
		return true
	}
	return false
}

// readForm reads the fields of a posted form from the body alone. What stands
// in the query of a POST is not looked at, so that a link to the page cannot
// add to what a visitor sends.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	body, err := readBody(w, r, "application/x-www-form-urlencoded")
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, errUnreadable
	}

	// Other bytes than UTF-8 would become another password than was typed.
	for _, values := range form {
		for _, value := range values {
			if !utf8.ValidString(value) {
				return nil, errUnreadable
			}
		}
	}
	return form, nil
}

// readJSON reads one JSON object with exactly the members of want, of which the
// optional ones may be left out, each once and each a string. encoding/json
// alone would let the last of two members win, match names in any case and turn
// half a surrogate into U+FFFD, so that two readers of one body could see two
// passwords.
func readJSON(
	w http.ResponseWriter, r *http.Request,
	want map[string]*string, optional ...string,
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

	for _, name := range optional {
		seen[name] = true
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
