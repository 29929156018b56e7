// Package links opens and pastes links that mail gateways, mail programs and
// people have rewritten, with the pages under net/http, chi, gin, echo and
// fiber, over HTTP and in Chromium. It holds tests only. What visitors saw is
// in testdata/links.txt, and of links that dispute a change in
// testdata/disputes.txt. go test -update writes both anew.
//
// The tests in the browser need Chromium. Without it they are skipped, or fail
// with LOSTKEY_REQUIRE_SERVICES=1.
package links
