// Package policy judges new passwords, by the rules of NIST SP 800-63B-4
// section 3.1.1.2 and OWASP ASVS 5.0 chapter 6.2: a minimum length, no
// composition rules, no expiry, and refusal of what attackers try first.
//
// Most programs need [New] and [Policy.Check]. Give the same Policy to
// registration, change and reset, so that none of the three is the weak one.
//
// The embedded list of common passwords is small, because with a minimum of 15
// code points a list refuses little. [RangeClient] asks a service that knows
// the passwords of real breaches.
//
// The package does not hash, store or compare passwords with old ones, and does
// not judge the passwords that people already have.
package policy
