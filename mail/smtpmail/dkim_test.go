package smtpmail_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"github.com/lostkey-go/lostkey/mail/smtpmail"
	"github.com/stretchr/testify/require"
)

var runs = regexp.MustCompile(`[ \t]+`)

// relaxed is the header canonicalization of RFC 6376 section 3.4.2, written from the standard.
func relaxed(field string) string {
	name, value, _ := strings.Cut(strings.ReplaceAll(field, "\r\n", ""), ":")
	return strings.ToLower(strings.TrimSpace(name)) + ":" + strings.TrimSpace(runs.ReplaceAllString(value, " "))
}

// verified checks a message's signature the way a receiver does, and returns its tags.
func verified(t *testing.T, content string, check func(digest, signature []byte) bool) map[string]string {
	t.Helper()
	header, body, _ := strings.Cut(content, "\r\n\r\n")
	fields := regexp.MustCompile(`\r\n([^ \t])`).ReplaceAllString(header, "\r\n\x00$1")
	lines := strings.Split(fields, "\r\n\x00")
	require.True(t, strings.HasPrefix(lines[0], "DKIM-Signature:"))
	tags := map[string]string{}
	for part := range strings.SplitSeq(strings.TrimPrefix(relaxed(lines[0]), "dkim-signature:"), ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		tags[name] = strings.ReplaceAll(value, " ", "")
	}

	bodyLines := strings.Split(body, "\r\n")
	for i, line := range bodyLines {
		bodyLines[i] = strings.TrimRight(runs.ReplaceAllString(line, " "), " ")
	}
	canonical := strings.TrimRight(strings.Join(bodyLines, "\r\n"), "\r\n") + "\r\n"
	sum := sha256.Sum256([]byte(canonical))
	require.Equal(t, base64.StdEncoding.EncodeToString(sum[:]), tags["bh"])

	var signed strings.Builder
	rest := append([]string(nil), lines[1:]...)
	for name := range strings.SplitSeq(tags["h"], ":") {
		for i := len(rest) - 1; i >= 0; i-- {
			if field, _, _ := strings.Cut(rest[i], ":"); strings.EqualFold(field, name) {
				signed.WriteString(relaxed(rest[i]) + "\r\n")
				rest[i] = ""
				break
			}
		}
	}
	own := relaxed(lines[0])
	signed.WriteString(own[:strings.LastIndex(own, " b=")+len(" b=")])
	digest := sha256.Sum256([]byte(signed.String()))
	signature, err := base64.StdEncoding.DecodeString(tags["b"])
	require.NoError(t, err)
	require.True(t, check(digest[:], signature))
	return tags
}

func TestDKIMSignaturesVerify(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	edPublic, edKey, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	longest := strings.Repeat("abcdefghi.", 7)[:70-len("x")] + "x" // the longest name that is accepted
	cases := map[string]struct {
		key   crypto.Signer
		check func(digest, signature []byte) bool
	}{
		"rsa-sha256": {rsaKey, func(digest, signature []byte) bool {
			return rsa.VerifyPKCS1v15(&rsaKey.PublicKey, crypto.SHA256, digest, signature) == nil
		}},
		"ed25519-sha256": {edKey, func(digest, signature []byte) bool {
			return ed25519.Verify(edPublic, digest, signature)
		}},
	}
	for algorithm, c := range cases {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			s := &server{}
			m := client(t, s, func(cfg *smtpmail.Config) {
				cfg.DKIM = smtpmail.DKIM{Domain: longest, Selector: longest, Key: c.key}
			})
			msg := message()
			msg.ReplyTo = "help@app.test"
			require.NoError(t, m.Send(t.Context(), msg))
			tags := verified(t, s.received()[0], c.check)
			require.Equal(t, algorithm, tags["a"])
			require.Equal(t, longest, tags["d"])
			require.Equal(t, longest, tags["s"])
			require.NotContains(t, tags, "l", "a body length would let anybody append")
			for _, name := range []string{"From", "To", "Subject", "Reply-To"} {
				require.Contains(t, ":"+tags["h"]+":", ":"+name+":")
			}
			for _, name := range []string{"From", "To", "Subject"} {
				require.Equal(t, 2, strings.Count(":"+tags["h"]+":", ":"+name), "a second %s must break the signature", name)
			}
		})
	}
}
