// Package django answers "can my Django application and this library sign
// people in from one table?": its tests run a real Django over a SQLite file,
// point a sqlstore.Table at its auth_user, and reset passwords on both sides.
//
// The tests need Debian's python3-django and python3-argon2, or LOSTKEY_PYTHON,
// a Python that has both, and are skipped without. LOSTKEY_REQUIRE_TOOLS=1
// makes that a failure.
package django
