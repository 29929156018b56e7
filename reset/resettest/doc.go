// Package resettest checks implementations of [reset.Store].
//
// Call [TestStore] from a test of your own, with a function that makes a fresh,
// empty store, as the Example does.
//
// Each check is a subtest. A failure says what was expected and what usually
// causes it. Checks for which the fixture lacks a function are skipped, and say
// which function they need. Fill in all of them that the store has a notion of.
//
// A link is bound to the stored hash, so an application that clears a hash, the
// usual way to lock an account, decides whether a used invitation stays dead.
// Set Fixture.ClearPassword to what it does.
//
// The package has no false alarms as far as we know. It is run over some forty
// stores that are right, of different makes. Fixture.CatchUp, UniqueEmail and
// LowercaseEmail tell it what is no fault. It can miss faults, races above all.
// Run it repeatedly, with -race, and against the database that production uses,
// with production's schema.
package resettest
