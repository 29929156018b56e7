// Package browser tests the ready pages of reset/resethttp in Chromium: with
// and without scripts, going back, pressing twice, coming from another site, by
// keyboard, and with axe-core for accessibility. It holds tests only.
//
// The tests need Chromium and, for axe-core, npm. Without them they are
// skipped, or fail with LOSTKEY_REQUIRE_SERVICES=1. With LOSTKEY_SCREENSHOTS
// naming a folder they also leave a picture of each page there.
package browser
