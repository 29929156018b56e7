// Package token issues and verifies tokens for links that let somebody act on
// one account for a short time: reset a forgotten password, accept an
// invitation, confirm an address. Nothing is stored. A token is bound to the
// state of its user, above all to the stored password hash, and dies the moment
// that state changes.
//
// Most programs need two calls: [Signer.Issue], with the user's state as it is
// stored now, and [Signer.Verify], with a function that loads that state again.
// A Signer is made by [New] out of a site and a key ring, which [ParseKeys]
// reads from a setting.
//
// # Security
//
// What a token is good for is decided by Verify alone, and all of it: nobody
// can forget a half.
//
//   - Only holders of a key make tokens. There is one algorithm, HS256; the
//     header is compared with those that the ring writes and never parsed, so
//     that nothing in it selects an algorithm, a key or an extension.
//   - A token has one spelling. Whatever does not encode again to the same bytes
//     is rejected, also when its MAC is good.
//   - Before the MAC is good no claim is used and no user is loaded. Input of
//     more than 1,024 characters is refused unread, whatever its size.
//   - A token for one purpose, site or environment is rejected by every other,
//     also with the same secret: both are part of the key.
//   - A token dies when the user's password hash, address or stamp changes, so
//     using it kills it and all others for the same state.
//   - The fingerprint that binds it is keyed. Without the key, a link says
//     nothing about the hash; without the hash of an account that has one, the
//     key makes no link to it.
//   - A rejection has one text. The reason is for operators: [RejectedError].
//   - Keys, tokens and states print themselves redacted.
//
// What it does not do, and the caller must: load the user from its own store and
// refuse a disabled one; send the link to the stored address, over TLS; limit how
// often somebody may ask; write the new password only if the stored hash is still
// the one that was verified (two clicks at once verify both); end the user's
// sessions.
//
// What a scheme without a table cannot do: several links may be good at once,
// until one is used; a single link cannot be revoked; a restored backup brings
// links back that have not expired (take a new key then). [State.Stamp] helps
// with the first two: see there. Two tokens of the same second, state, purpose
// and lifetime are one token; the format has no random part, because nothing
// needs one.
//
// Whoever reads both a key and the users table can make links for anybody.
//
// # Rotation
//
// A server rejects tokens of keys that it does not have, so a key must be known
// everywhere before it signs anywhere. Rotate in two steps, each of which may
// take as long as it likes to reach all servers, and then retire:
//
//	LOSTKEY_KEYS=2026-05:…,2026-11:…    1. the new key verifies
//	LOSTKEY_KEYS=2026-11:…,2026-05:…    2. the new key signs
//	LOSTKEY_KEYS=2026-11:…              3. one maximum lifetime after step 2 is everywhere
//
// In one step, servers that are still to be restarted refuse good links of those
// that have been. After a leak skip to the last line at once: that links die is
// the purpose. [Claims.KeyID] tells when the old key is no longer used.
//
// # Compatibility
//
// The format below does not change within a major version; a new one would get
// new labels, and with them other keys. Any language with HMAC-SHA256 can verify
// it. field(x) is the length of x in bytes as four bytes, big-endian, and then x.
//
//	mac key         = HKDF-SHA256(secret, no salt, info = "lostkey token v1 mac" field(site) field(purpose), 32 bytes)
//	fingerprint key = HKDF-SHA256(secret, no salt, info = "lostkey token v1 fingerprint" field(site), 32 bytes)
//	fingerprint     = first 16 bytes of HMAC-SHA256(fingerprint key,
//	                  field(purpose) field(user id) field(password hash) field(address) field(stamp))
//	header          = {"alg":"HS256","kid":"<key id>","typ":"<purpose>+jwt"}
//	claims          = {"exp":<seconds>,"fp":"<fingerprint>","iat":<seconds>,"sub":"<user id>"}
//	token           = base64url(header) "." base64url(claims) "." base64url(HMAC-SHA256(mac key, all before this dot))
//	id              = base64url(first 9 bytes of SHA-256(the 32 bytes of the MAC))
//
// There is no white space and no other member, and the order is fixed. Base64url
// is without padding (RFC 7515, section 2). The user id escapes only the quote
// and the backslash, by a backslash, and U+2028 and U+2029, as six characters
// with lower-case digits. The site is in the form that [Config] describes. It is
// a JWT (RFC 7519) in compact form with HS256 (RFC 7518, section 3.2), so that
// every JWT library accepts it, given the MAC key; what such a library does not
// check is listed in testdata/attacks.md. testdata/vectors.py is a complete
// implementation in 40 lines of Python.
package token
