// Package normalize has the Unicode normalisation forms for Config.Normalize of
// package hash and for formats of package hash/legacy. Only its importers
// depend on golang.org/x/text.
//
// NIST SP 800-63B-4, section 3.1.1.2, asks for NFKC or NFKD before hashing.
// OWASP ASVS 5.0, 6.2.8, asks to verify passwords exactly as received. Package
// hash therefore normalises only when told to.
//
// The functions are safe for concurrent use and leave invalid UTF-8 as it is.
package normalize

import "golang.org/x/text/unicode/norm"

// NFC composes letters and marks, so that one text typed on different keyboards
// becomes one password. It keeps every distinction a reader can see.
func NFC(s string) string { return norm.NFC.String(s) }

// NFKC is NFC, and replaces compatibility characters such as full-width
// letters and ligatures. better-auth uses it.
func NFKC(s string) string { return norm.NFKC.String(s) }

// NFKD is NFKC without the composition. Flask-Security uses it by default.
func NFKD(s string) string { return norm.NFKD.String(s) }
