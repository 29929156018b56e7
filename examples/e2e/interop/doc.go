// Package interop shows that tokens are plain JWTs for other languages: node's
// jose and Python's jwt derive the key from the secret, as the documentation of
// package token describes, and read tokens that were made here. What node makes
// in the same form verifies here.
//
// The scripts are verify.mjs and verify.py. They only check what a JWT library
// checks; that a link is still good for its user is for token.Signer.Verify to
// say.
//
// Spring.java has Spring Security's own encoders verify the rows that
// hash.Spring makes, and make some. Set LOSTKEY_SPRING to a class path for it,
// which Maven prints with dependency:build-classpath, or the tests are skipped.
// They have passed with releases 5.8.16, 6.5.5 and 7.1.1.
package interop
