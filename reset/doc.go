// Package reset is a password reset by mail that keeps no table of tokens.
package reset
