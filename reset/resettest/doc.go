// Package resettest checks implementations of reset.Store.
//
// Call [TestStore] from a test of your own, with a function that makes a fresh,
// empty store, as the Example does. Each check is a subtest. A failure says
// what was expected and what usually causes it. Checks for which the fixture
// lacks a function are skipped, and name it. Fill in all that the store has a
// notion of.
//
// There are no false alarms as far as we know. Faults can be missed, races
// above all. Run it repeatedly, with -race, and against the database that
// production uses, with production's schema.
package resettest
