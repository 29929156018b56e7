//go:build race

package mail_test

// underRace: the race detector allocates for itself.
const underRace = true
