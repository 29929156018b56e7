package mail_test

import (
	"bytes"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func reparse(tb testing.TB, encoded []byte) *netmail.Message {
	tb.Helper()
	parsed, err := netmail.ReadMessage(bytes.NewReader(encoded))
	require.NoError(tb, err)
	return parsed
}

// bodies decodes the parts the way a mail program does, by the standard
// library's parsers.
func bodies(tb testing.TB, encoded []byte) (textPart, htmlPart string) {
	tb.Helper()
	parsed := reparse(tb, encoded)
	media, params, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	require.NoError(tb, err)
	require.Equal(tb, "multipart/alternative", media)

	reader := multipart.NewReader(parsed.Body, params["boundary"])
	var out []string
	for _, want := range []string{
		"text/plain; charset=utf-8", "text/html; charset=utf-8",
	} {
		part, err := reader.NextRawPart()
		require.NoError(tb, err)
		require.Equal(tb, want, part.Header.Get("Content-Type"))
		require.Equal(tb, "quoted-printable",
			part.Header.Get("Content-Transfer-Encoding"))

		decoded, err := io.ReadAll(quotedprintable.NewReader(part))
		require.NoError(tb, err)
		out = append(out, strings.ReplaceAll(string(decoded), "\r\n", "\n"))
	}

	_, err = reader.NextRawPart()
	require.ErrorIs(tb, err, io.EOF)
	return out[0], out[1]
}

// wellFormed holds for every encoded message: CRLF line ends alone, ASCII, and
// no long lines.
func wellFormed(tb testing.TB, encoded []byte) {
	tb.Helper()
	require.NotRegexp(tb, regexp.MustCompile(`[^\r]\n|\r[^\n]`),
		string(encoded))
	for line := range strings.SplitSeq(string(encoded), "\r\n") {
		require.LessOrEqual(tb, len(line), 78, "%q", line)
		for _, r := range line {
			require.True(tb, r >= ' ' && r <= '~' || r == '\t', "%q", line)
		}
	}
}

var (
	head     = regexp.MustCompile(`(?s)<head>.*</head>`)
	blockEnd = regexp.MustCompile(`</(p|h1|td|tr|table|div)>|<br>`)
	tag      = regexp.MustCompile(`<[^>]+>`)
)

// visible returns the paragraphs a reader of the HTML part sees.
func visible(source string) []string {
	source = blockEnd.ReplaceAllString(head.ReplaceAllString(source, ""), "\n")
	return paragraphs(html.UnescapeString(tag.ReplaceAllString(source, "")))
}

func paragraphs(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line != "--" {
			out = append(out, line)
		}
	}
	return out
}

var href = regexp.MustCompile(`href="([^"]*)"`)

func hrefs(source string) []string {
	var out []string
	for _, match := range href.FindAllStringSubmatch(source, -1) {
		out = append(out, html.UnescapeString(match[1]))
	}
	return out
}
