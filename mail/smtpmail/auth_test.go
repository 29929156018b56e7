package smtpmail_test

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/smtpmail"
	"github.com/stretchr/testify/require"
)

func plain(t *testing.T) func(string, func(string) string) string {
	return func(line string, _ func(string) string) string {
		_, response, _ := strings.Cut(line, "AUTH PLAIN ")
		decoded, err := base64.StdEncoding.DecodeString(response)
		if err != nil || string(decoded) != "\x00"+testUser+"\x00"+testPassword {
			t.Errorf("not the credentials: %q", decoded)
			return "535 5.7.8 no"
		}
		return "235 2.7.0 ok"
	}
}

func login(t *testing.T) func(string, func(string) string) string {
	return func(line string, ask func(string) string) string {
		if line != "AUTH LOGIN" || ask("Username:") != testUser ||
			ask("Password:") != testPassword {
			t.Errorf("not the credentials: %q", line)
			return "535 5.7.8 no"
		}
		return "235 2.7.0 ok"
	}
}

// scram256 is the server's half of RFC 5802 with RFC 7677's hash, written from
// the standard.
func scram256(t *testing.T, iterations int) func(string,
	func(string) string) string {
	return func(_ string, ask func(string) string) string {
		first, found := strings.CutPrefix(ask(""), "n,,")
		_, nonce, _ := strings.Cut(first, ",r=")
		if !found || nonce == "" {
			return "535 5.7.8 no"
		}
		challenge := fmt.Sprintf("r=%sserver,s=%s,i=%d", nonce,
			base64.StdEncoding.EncodeToString([]byte("salt")), iterations)
		final := ask(challenge)
		without, proof, _ := strings.Cut(final, ",p=")

		salted, err := pbkdf2.Key(sha256.New, testPassword, []byte("salt"),
			min(iterations, 4096), sha256.Size)
		if err != nil {
			t.Error(err)
		}

		sum := func(key []byte, text string) []byte {
			mac := hmac.New(sha256.New, key)
			mac.Write([]byte(text))
			return mac.Sum(nil)
		}

		clientKey := sum(salted, "Client Key")
		stored := sha256.Sum256(clientKey)
		transcript := first + "," + challenge + "," + without
		signature := sum(stored[:], transcript)
		for i := range clientKey {
			clientKey[i] ^= signature[i]
		}

		if base64.StdEncoding.EncodeToString(clientKey) != proof {
			return "535 5.7.8 no"
		}
		ask("v=" +
			base64.StdEncoding.EncodeToString(sum(sum(salted, "Server Key"),
				transcript)))
		return "235 2.7.0 ok"
	}
}

func TestEachMechanismAuthenticates(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		offer string
		auth  func(string, func(string) string) string
	}{
		"PLAIN":         {"AUTH PLAIN", plain(t)},
		"LOGIN":         {"AUTH LOGIN", login(t)},
		"SCRAM-SHA-256": {"AUTH SCRAM-SHA-256", scram256(t, 4096)},
		"the strongest, not first": {
			"AUTH LOGIN PLAIN NTLM CRAM-MD5 SCRAM-SHA-256",
			scram256(t, 4096),
		},
		"PLAIN rather than LOGIN":   {"AUTH LOGIN PLAIN", plain(t)},
		"names in lower case count": {"AUTH plain", plain(t)},
	}

	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &server{extensions: []string{c.offer}, auth: c.auth}
			require.NoError(t, client(t, s, nil).Send(t.Context(), message()))
			require.Len(t, s.received(), 1)
		})
	}
}

func TestXOAUTH2FetchesATokenForEachConnection(t *testing.T) {
	t.Parallel()
	s := &server{
		extensions: []string{"AUTH PLAIN XOAUTH2"},
		auth: func(line string, _ func(string) string) string {
			response := strings.TrimPrefix(line, "AUTH XOAUTH2 ")
			decoded, _ := base64.StdEncoding.DecodeString(response)
			if string(decoded) != "user=bot@app.test\x01auth=Bearer access-1\x01\x01" {
				return "535 5.7.8 no"
			}
			return "235 2.7.0 ok"
		},
	}

	calls := 0
	m := client(t, s, func(cfg *smtpmail.Config) {
		_, host, _ := strings.Cut(cfg.URL, "@")
		cfg.URL = ""
		cfg.Host = "localhost"
		_, err := fmt.Sscanf(strings.TrimPrefix(host, "localhost:"), "%d",
			&cfg.Port)
		require.NoError(t, err)

		cfg.Username = "bot@app.test"
		cfg.AccessToken = func(context.Context) (string, error) {
			calls++
			return fmt.Sprintf("access-%d", calls), nil
		}
	})

	require.NoError(t, m.Send(t.Context(), message()))
	require.NoError(t, m.Send(t.Context(), message()))
	require.Equal(t, 1, calls)
}

func TestXOAUTH2FailuresAreToldApart(t *testing.T) {
	t.Parallel()
	down := errors.New("token endpoint is down")
	s := &server{extensions: []string{"AUTH XOAUTH2"}}
	ca := newAuthority(t)
	s.tls = ca.good(t)
	var port int
	_, err := fmt.Sscanf(s.start(t), "localhost:%d", &port)
	require.NoError(t, err)

	m, err := smtpmail.New(smtpmail.Config{
		Host: "localhost", Port: port, RootCAs: ca.pool,
		Username:    "bot@app.test",
		AccessToken: func(context.Context) (string, error) { return "", down },
	})
	require.NoError(t, err)

	err = m.Send(t.Context(), message())
	require.ErrorIs(t, err, down)
	require.Equal(t, mail.VerdictTemporary, mail.VerdictOf(err))
	require.NotContains(t, err.Error(), "endpoint",
		"the text is not ours to print")

	refused := &server{extensions: []string{"AUTH PLAIN"}}
	refused.tls = s.tls
	_, err = fmt.Sscanf(refused.start(t), "localhost:%d", &port)
	require.NoError(t, err)
	m, err = smtpmail.New(smtpmail.Config{
		Host: "localhost", Port: port, RootCAs: ca.pool,
		Username:    "bot@app.test",
		AccessToken: func(context.Context) (string, error) { return "x", nil },
	})
	require.NoError(t, err)

	err = m.Send(t.Context(), message())
	require.Equal(t, mail.VerdictPermanent, mail.VerdictOf(err))
	require.ErrorContains(t, err, "does not offer XOAUTH2")
	require.Empty(t, refused.said("AUTH"))
}

func TestARefusedLoginIsPermanentAndDoesNotShowTheCredentials(t *testing.T) {
	t.Parallel()
	for _, offer := range []string{
		"AUTH PLAIN", "AUTH LOGIN", "AUTH SCRAM-SHA-256",
	} {
		s := &server{
			extensions: []string{offer},
			auth: func(line string, _ func(string) string) string {
				return "535-5.7.8 Bad credentials for " + testUser +
					"\r\n535 5.7.8 you said " + line
			},
		}

		err := client(t, s, nil).Send(t.Context(), message())
		require.Equal(t, mail.VerdictPermanent, mail.VerdictOf(err), "%v", err)

		cause, _ := errors.AsType[*smtpmail.Error](err)
		require.Equal(t, "auth", cause.Stage)
		require.Equal(t, 535, cause.Code)
		discreet(t, err)

		sent := []byte("\x00" + testUser + "\x00" + testPassword)
		require.NotContains(t, err.Error(),
			base64.StdEncoding.EncodeToString(sent))
		require.Empty(t, s.said("MAIL"))
	}
}

func TestAServerWithoutAUTHIsPermanentWhenThereAreCredentials(t *testing.T) {
	t.Parallel()
	for _, extensions := range [][]string{
		{"8BITMIME"},
		{"AUTH CRAM-MD5 NTLM"},
	} {
		s := &server{extensions: extensions}
		err := client(t, s, nil).Send(t.Context(), message())
		require.Equal(t, mail.VerdictPermanent, mail.VerdictOf(err))
		require.ErrorContains(t, err, "offers none of")
		require.Empty(t, s.said("MAIL"))
	}
}

// The client derives a key with as many rounds as the server says, and no ctx
// can stop it.
func TestAServerCannotOrderEndlessSCRAMWork(t *testing.T) {
	t.Parallel()
	for _, iterations := range []int{2_000_000_000, 1_000_001, 0, -1} {
		s := &server{
			extensions: []string{"AUTH SCRAM-SHA-256"},
			auth:       scram256(t, iterations),
		}
		err := client(t, s, nil).Send(t.Context(), message())
		require.Error(t, err)
		require.Empty(t, s.said("MAIL"))
	}
}
