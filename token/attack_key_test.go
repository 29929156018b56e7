package token_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

func algorithmAttacks(tb testing.TB, v victim) []attack {
	tb.Helper()
	var all []attack
	add := func(want token.Reason, name, raw string) {
		all = append(all, attack{family: "algorithm", name: name, raw: raw, want: want})
	}
	header := func(alg string) string { return fmt.Sprintf(`{"alg":%s,"kid":"%s","typ":"reset+jwt"}`, alg, keyID) }
	for _, alg := range []string{
		`"none"`, `"None"`, `"NONE"`, `"nOnE"`, `"none "`, `" none"`, `"none\u0000"`, `"\u006eone"`, `"nｏne"`, `""`, `null`, `[]`,
		`["HS256"]`, `["none","HS256"]`, `{}`, `{"alg":"HS256"}`, `0`, `256`, `true`, `false`,
	} {
		signing := b64(header(alg)) + "." + v.payload
		add(token.ReasonMalformed, "alg "+alg+", no signature", signing+".")
		add(token.ReasonUnknownKey, "alg "+alg+", our signature", signing+"."+v.signature)
		add(token.ReasonUnknownKey, "alg "+alg+", a MAC with our key", seal(v.key, header(alg), v.claims()))
	}
	for _, alg := range []string{
		"hs256", "Hs256", "HS256 ", " HS256", "HS-256", "HS1", "HS224", "HS384", "HS512", "HS512/256", "A256KW", "dir", "RS256", "RS384",
		"RS512", "PS256", "PS384", "PS512", "ES256", "ES256K", "ES384", "ES512", "ES521", "EdDSA", "Ed25519", "PBES2-HS256+A128KW", "RSA1_5",
		"HMACSHA256", "HmacSHA256", "sha256", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", "../HS256", "HS256\\u0000", "\\u0048S256",
	} {
		add(token.ReasonUnknownKey, fmt.Sprintf("alg %q, a MAC with our key", alg), seal(v.key, header(`"`+alg+`"`), v.claims()))
	}
	// Proper signatures of the other kinds, with our secrets as keys.
	signing := func(alg string) string { return b64(header(`"`+alg+`"`)) + "." + v.payload }
	for _, key := range []struct {
		name string
		key  []byte
	}{{"MAC key", v.key}, {"root secret", v.secret}} {
		h384, h512 := hmac.New(sha512.New384, key.key), hmac.New(sha512.New, key.key)
		h384.Write([]byte(signing("HS384")))
		h512.Write([]byte(signing("HS512")))
		ed := ed25519.Sign(ed25519.NewKeyFromSeed(key.key), []byte(signing("EdDSA")))
		add(token.ReasonMalformed, "HS384 with the "+key.name, signing("HS384")+"."+b64(string(h384.Sum(nil))))
		add(token.ReasonMalformed, "HS512 with the "+key.name, signing("HS512")+"."+b64(string(h512.Sum(nil))))
		add(token.ReasonUnknownKey, "HS512 with the "+key.name+", cut to 256 bits", signing("HS512")+"."+b64(string(h512.Sum(nil)[:32])))
		add(token.ReasonMalformed, "EdDSA with the "+key.name+" as seed", signing("EdDSA")+"."+b64(string(ed)))
	}
	// Our own header, but the MAC of another hash: nothing says so in the text.
	h512 := hmac.New(sha512.New, v.key)
	h512.Write([]byte(v.header + "." + v.payload))
	add(token.ReasonSignature, "our header, HMAC-SHA512 cut to 256 bits", v.header+"."+v.payload+"."+b64(string(h512.Sum(nil)[:32])))
	bare := sha256.Sum256([]byte(string(v.key) + v.header + "." + v.payload))
	add(token.ReasonSignature, "our header, SHA-256 over key and text", v.header+"."+v.payload+"."+b64(string(bare[:])))
	plain := sha256.Sum256([]byte(v.header + "." + v.payload))
	add(token.ReasonSignature, "our header, SHA-256 without a key", v.header+"."+v.payload+"."+b64(string(plain[:])))
	return all
}

// keyAttacks have our header and claims, and a MAC with another key.
func keyAttacks(tb testing.TB, v victim) []attack {
	tb.Helper()
	var all []attack
	add := func(name string, key []byte) {
		all = append(all, attack{family: "key", name: name, raw: seal(key, headerOf(keyID, token.Reset), v.claims()), want: token.ReasonSignature})
	}
	reversed := slices.Clone(v.key)
	slices.Reverse(reversed)
	sum := sha256.Sum256(v.key)
	published, err := base64.RawURLEncoding.DecodeString("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
	require.NoError(tb, err)
	add("empty", nil)
	add("one byte", []byte{1})
	add("0xff 32 times", []byte(repeat("\xff", 32)))
	add("the root secret", v.secret)
	add("the root secret in base64", []byte(base64.StdEncoding.EncodeToString(v.secret)))
	add("the root secret in hexadecimal", []byte(hex.EncodeToString(v.secret)))
	add("the MAC key in base64", []byte(base64.StdEncoding.EncodeToString(v.key)))
	add("the MAC key in hexadecimal", []byte(hex.EncodeToString(v.key)))
	add("the MAC key backwards", reversed)
	add("the MAC key without its last byte", v.key[:31])
	add("the MAC key and a line break", append(slices.Clone(v.key), '\n'))
	add("the MAC key twice", append(slices.Clone(v.key), v.key...))
	add("the digest of the MAC key", sum[:])
	add("the fingerprint key", derive(tb, v.secret, "lostkey token v1 fingerprint"+field(site)))
	add("the MAC key of the next format", derive(tb, v.secret, "lostkey token v2 mac"+field(site)+field("reset")))
	add("the MAC key without a site", derive(tb, v.secret, "lostkey token v1 mac"+field("")+field("reset")))
	add("the MAC key without a purpose", derive(tb, v.secret, "lostkey token v1 mac"+field(site)+field("")))
	add("the MAC key with the fields joined", derive(tb, v.secret, "lostkey token v1 mac"+site+"reset"))
	add("the MAC key with the fields exchanged", derive(tb, v.secret, "lostkey token v1 mac"+field("reset")+field(site)))
	add("the MAC key without a label", derive(tb, v.secret, field(site)+field("reset")))
	add("the MAC key of purpose invite", macKeyOf(tb, v.secret, site, token.Invite))
	add("the MAC key of staging", macKeyOf(tb, v.secret, "https://staging.app.example", token.Reset))
	add("the MAC key of another tenant", macKeyOf(tb, secretOf(77), site, token.Reset))
	add("the key of RFC 7515, appendix A.1", published)
	for _, word := range []string{
		"secret", "Secret", "SECRET", "secret123", "password", "Password1", "passw0rd", "changeme", "change-me", "default", "admin", "test",
		"testing", "key", "private", "privatekey", "jwt", "jwtsecret", "jwt_secret", "JWT_SECRET", "jwt-key", "token", "mysecret",
		"my-secret", "my_secret_key", "my-32-character-ultra-secure-and-ultra-long-secret", "your-256-bit-secret", "your_jwt_secret", "supersecret", "super_secret",
		"s3cr3t", "shhhhh", "qwerty", "123456", "12345678", "0123456789abcdef", "AllYourBase", "hmacSecret", "example_key", "GoLinuxCloudKey",
		"development", "production", "staging", "null", "undefined", "None", "none", "lostkey", "reset", "app.example", keyID, site,
	} {
		add(fmt.Sprintf("the word %q", word), []byte(word))
	}
	return all
}
