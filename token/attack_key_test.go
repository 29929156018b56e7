package token_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"testing"

	"github.com/lostkey-go/lostkey/token"
)

// headerWithAlg is our header with a JSON value in place of "HS256".
func headerWithAlg(alg string) string {
	return fmt.Sprintf(`{"alg":%s,"kid":"%s","typ":"reset+jwt"}`, alg, keyID)
}

func algorithmAttacks(v victim) []attack {
	f := family{name: "algorithm"}
	for _, alg := range []string{
		`"none"`, `"None"`, `"NONE"`, `"nOnE"`, `"none "`, `" none"`,
		`"none\u0000"`, `"\u006eone"`, `"nｏne"`, `""`, `null`, `[]`,
		`["HS256"]`, `["none","HS256"]`, `{}`, `{"alg":"HS256"}`, `0`, `256`,
		`true`, `false`,
	} {
		signing := b64(headerWithAlg(alg)) + "." + v.payload
		f.add(token.ReasonMalformed, "alg "+alg+", no signature", signing+".")
		f.add(token.ReasonUnknownKey, "alg "+alg+", our signature",
			signing+"."+v.signature)
		f.add(token.ReasonUnknownKey, "alg "+alg+", a MAC with our key",
			seal(v.key, headerWithAlg(alg), v.claims()))
	}

	for _, alg := range []string{
		"hs256", "Hs256", "HS256 ", " HS256", "HS-256", "HS1", "HS224", "HS384",
		"HS512", "HS512/256", "A256KW", "dir", "RS256", "RS384", "RS512",
		"PS256", "PS384", "PS512", "ES256", "ES256K", "ES384", "ES512", "ES521",
		"EdDSA", "Ed25519", "PBES2-HS256+A128KW", "RSA1_5", "HMACSHA256",
		"HmacSHA256", "sha256",
		"http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", "../HS256",
		"HS256\\u0000", "\\u0048S256",
	} {
		f.add(token.ReasonUnknownKey,
			fmt.Sprintf("alg %q, a MAC with our key", alg),
			seal(v.key, headerWithAlg(`"`+alg+`"`), v.claims()))
	}

	otherSignatures(&f, v, "MAC key", v.key)
	otherSignatures(&f, v, "root secret", v.secret)
	silentAlgorithms(&f, v)
	return f.attacks
}

// otherSignatures are proper signatures of other kinds, with a secret of ours
// as the key.
func otherSignatures(f *family, v victim, name string, key []byte) {
	signing := func(alg string) string {
		return b64(headerWithAlg(`"`+alg+`"`)) + "." + v.payload
	}
	sum384 := sumOf(hmac.New(sha512.New384, key), signing("HS384"))
	sum512 := sumOf(hmac.New(sha512.New, key), signing("HS512"))
	signed := ed25519.Sign(
		ed25519.NewKeyFromSeed(key), []byte(signing("EdDSA")))

	f.add(token.ReasonMalformed, "HS384 with the "+name,
		signing("HS384")+"."+b64(sum384))
	f.add(token.ReasonMalformed, "HS512 with the "+name,
		signing("HS512")+"."+b64(sum512))
	f.add(token.ReasonUnknownKey, "HS512 with the "+name+", cut to 256 bits",
		signing("HS512")+"."+b64(sum512[:32]))
	f.add(token.ReasonMalformed, "EdDSA with the "+name+" as seed",
		signing("EdDSA")+"."+b64(string(signed)))
}

// silentAlgorithms have our own header and the digest of another algorithm, of
// which nothing in the text tells.
func silentAlgorithms(f *family, v victim) {
	signing := v.header + "." + v.payload
	sum512 := sumOf(hmac.New(sha512.New, v.key), signing)

	f.add(token.ReasonSignature, "our header, HMAC-SHA512 cut to 256 bits",
		signing+"."+b64(sum512[:32]))
	f.add(token.ReasonSignature, "our header, SHA-256 over key and text",
		signing+"."+b64(sumOf(sha256.New(), string(v.key)+signing)))
	f.add(token.ReasonSignature, "our header, SHA-256 without a key",
		signing+"."+b64(sumOf(sha256.New(), signing)))
}

func sumOf(h hash.Hash, text string) string {
	h.Write([]byte(text))
	return string(h.Sum(nil))
}

// keyAttacks have our header and claims, and a MAC with another key.
func keyAttacks(tb testing.TB, v victim) []attack {
	tb.Helper()
	f := family{name: "key"}
	for _, key := range slices.Concat(respeltKeys(v), derivedKeys(tb, v)) {
		f.add(token.ReasonSignature, key.name, v.sealedWith(key.key))
	}
	for _, word := range guessedKeys() {
		f.add(token.ReasonSignature, fmt.Sprintf("the word %q", word),
			v.sealedWith([]byte(word)))
	}
	return f.attacks
}

type namedKey struct {
	name string
	key  []byte
}

// respeltKeys are our keys in another form, and keys that are nearly none.
func respeltKeys(v victim) []namedKey {
	inBase64 := func(key []byte) []byte {
		return []byte(base64.StdEncoding.EncodeToString(key))
	}

	inHex := func(key []byte) []byte {
		return []byte(hex.EncodeToString(key))
	}

	reversed := slices.Clone(v.key)
	slices.Reverse(reversed)
	sum := sha256.Sum256(v.key)

	return []namedKey{
		{"empty", nil},
		{"one byte", []byte{1}},
		{"0xff 32 times", []byte(repeat("\xff", 32))},
		{"the root secret", v.secret},
		{"the root secret in base64", inBase64(v.secret)},
		{"the root secret in hexadecimal", inHex(v.secret)},
		{"the MAC key in base64", inBase64(v.key)},
		{"the MAC key in hexadecimal", inHex(v.key)},
		{"the MAC key backwards", reversed},
		{"the MAC key without its last byte", v.key[:31]},
		{"the MAC key and a line break", append(slices.Clone(v.key), '\n')},
		{"the MAC key twice", slices.Concat(v.key, v.key)},
		{"the digest of the MAC key", sum[:]},
	}
}

// derivedKeys are keys of other places, and of derivations that are nearly
// ours.
func derivedKeys(tb testing.TB, v victim) []namedKey {
	tb.Helper()
	const label = "lostkey token v1 mac"
	published := unb64(tb, "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS"+
		"0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
	keys := []namedKey{
		{"the fingerprint key", fingerprintKeyOf(tb, v.secret, site)},
	}
	for _, other := range []struct{ name, info string }{
		{
			"of the next format",
			"lostkey token v2 mac" + field(site) + field("reset"),
		},
		{"without a site", label + field("") + field("reset")},
		{"without a purpose", label + field(site) + field("")},
		{"with the fields joined", label + site + "reset"},
		{"with the fields exchanged", label + field("reset") + field(site)},
		{"without a label", field(site) + field("reset")},
		{"of purpose invite", label + field(site) + field("invite")},
		{"of staging", label + field(staging) + field("reset")},
	} {
		keys = append(keys, namedKey{
			"the MAC key " + other.name, derive(tb, v.secret, other.info),
		})
	}

	tenant := macKeyOf(tb, secretOf(77), site, token.PurposeReset)
	return append(keys,
		namedKey{"the MAC key of another tenant", tenant},
		namedKey{"the key of RFC 7515, appendix A.1", []byte(published)})
}

// sealedWith returns the victim's token with a MAC of another key.
func (v victim) sealedWith(key []byte) string {
	return seal(key, headerOf(keyID, token.PurposeReset), v.claims())
}

// guessedKeys are secrets of tutorials, and words of this library.
func guessedKeys() []string {
	return []string{
		"secret", "Secret", "SECRET", "secret123", "password", "Password1",
		"passw0rd", "changeme", "change-me", "default", "admin", "test",
		"testing", "key", "private", "privatekey", "jwt", "jwtsecret",
		"jwt_secret", "JWT_SECRET", "jwt-key", "token", "mysecret", "my-secret",
		"my_secret_key", "my-32-character-ultra-secure-and-ultra-long-secret",
		"your-256-bit-secret", "your_jwt_secret", "supersecret", "super_secret",
		"s3cr3t", "shhhhh", "qwerty", "123456", "12345678", "0123456789abcdef",
		"AllYourBase", "hmacSecret", "example_key", "GoLinuxCloudKey",
		"development", "production", "staging", "null", "undefined", "None",
		"none", "lostkey", "reset", "app.example", keyID, site,
	}
}
