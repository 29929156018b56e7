// Package token issues and verifies tokens for links by mail: to reset a
// forgotten password, to accept an invitation, to confirm an address. Nothing
// is stored. A token is bound to the state of its user, above all to the stored
// password hash, and is rejected as soon as that state changes.
//
// Most programs need two calls. [Signer.Issue] takes the user's state as it is
// stored now. [Signer.Verify] takes a function that loads the state again. Make
// a [Signer] with [New], from the site and the keys that [ParseKeys] reads.
//
// # Security
//
// Verify checks all that a token stands for. The caller has to do the rest:
//
//   - load the user from its own store, and refuse disabled ones;
//   - send the link to the stored address and open it over TLS;
//   - limit how often links are asked for;
//   - write the new password only if the stored hash is still the one that was
//     verified, which makes a link good for one use;
//   - end the user's sessions.
//
// What Verify relies on:
//
//   - The one algorithm is HS256. The header is compared with those that our
//     keys write and never parsed, so nothing in it selects an algorithm, a key
//     or an extension.
//   - A token has one spelling. If it does not encode again to the same bytes,
//     it is rejected, even if its MAC is good.
//   - Purpose and site are part of the key. A token for one purpose, site or
//     environment is rejected by every other, even with the same secret.
//   - The fingerprint that binds a token is keyed. Without a key, a link says
//     nothing about the hash. Without the hash, a key makes no link to an
//     account that has one. Whoever has a key and the users table can make
//     links for everybody.
//
// Several links may be good at the same time, until one is used, and a single
// link cannot be revoked. [State].Stamp helps with both. A restored backup
// makes links good again that have not expired, so take a new key then.
//
// # Rotation
//
// Every server must have a key before any server signs with it, or it rejects
// good links. Each step below may take as long as it needs to reach all
// servers.
//
//	LOSTKEY_KEYS=2026-05:…,2026-11:…    1. the new key verifies
//	LOSTKEY_KEYS=2026-11:…,2026-05:…    2. the new key signs
//	LOSTKEY_KEYS=2026-11:…              3. the old key is gone
//
// Wait between 2 and 3 for the longest lifetime of a token. [Claims].KeyID
// tells which keys are still used. After a leak, go to step 3 at once, so that
// all links of the old key are rejected.
//
// # Compatibility
//
// The format does not change within a major version. In what follows, field(x)
// is the length of x in bytes, as four bytes, big-endian, and then x. All keys
// have 32 bytes and are HKDF-SHA256 of the secret, without a salt, with the
// info
//
//	mac key          "lostkey token v1 mac" field(site) field(purpose)
//	fingerprint key  "lostkey token v1 fingerprint" field(site)
//	derived key      "lostkey token v1 derived" field(site) field(label)
//
// The parts of a token are
//
//	state        field(purpose) field(user id) field(password hash)
//	             field(address) field(stamp)
//	fingerprint  the first 16 bytes of HMAC-SHA256(fingerprint key, state)
//	header       {"alg":"HS256","kid":"<key id>","typ":"<purpose>+jwt"}
//	claims       {"exp":<seconds>,"fp":"<base64url(fingerprint)>",
//	             "iat":<seconds>,"sub":"<user id>"}
//	signed       base64url(header) "." base64url(claims)
//	mac          HMAC-SHA256(mac key, signed)
//	token        signed "." base64url(mac)
//	id           base64url(the first 9 bytes of SHA-256(mac))
//
// JSON has no white space, no other member and no other order. Base64url is
// without padding (RFC 7515, section 2). The user id escapes the quote and the
// backslash with a backslash, and U+2028 and U+2029 as six characters with
// lower-case digits. The site is in the form that [ParseSite] returns. The sums
// of a [MAC] are HMAC-SHA256 with a derived key.
//
// A token is a JWT (RFC 7519) in compact form with HS256 (RFC 7518, section
// 3.2), so every JWT library reads it, given the MAC key. What such a library
// does not check is listed in testdata/attacks.md. testdata/vectors.py is a
// complete implementation in 40 lines of Python.
package token
