// Package hashvectors has the tests of package hash that need a database server
// or the tools of other languages. It answers two questions: do the hashes of
// other systems, made just now, verify here and ours there, and can a login that
// upgrades an old hash ever undo a reset?
//
// The tools are those of hash/testdata/vectors/make.sh. LOSTKEY_REQUIRE_TOOLS=1
// makes a missing one a failure; LOSTKEY_REQUIRE_SERVICES=1 does so for a missing
// database server.
package hashvectors
