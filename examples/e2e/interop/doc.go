// Package interop shows that tokens are plain JWTs for other languages: node's
// jose and Python's jwt derive the key from the secret, as the documentation of
// package token describes, and read tokens that were made here. What node makes
// in the same form verifies here.
//
// The scripts are verify.mjs and verify.py. They only check what a JWT library
// checks; that a link is still good for its user is for token.Signer.Verify to
// say.
package interop
