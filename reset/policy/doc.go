// Package policy judges new passwords by NIST SP 800-63B-4 section 3.1.1.2 and
// OWASP ASVS 5.0 chapter 6.2: a minimum length, no composition rules, no
// expiry, and refusal of what attackers try first.
//
// Most programs need [New] and [Policy.Check]. Give the same Policy to
// registration, change and reset, or the weakest decides. [RangeClient] asks a
// service that knows the passwords of real breaches.
//
// Passwords are not compared with old ones.
package policy
