// Package token issues and verifies stateless tokens that are bound to the
// state of one user.
package token
