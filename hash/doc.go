// Package hash hashes passwords with argon2id and verifies what older systems
// stored.
package hash
