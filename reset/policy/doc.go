// Package policy judges new passwords.
package policy
