// Package django answers "can my Django application and this library sign
// people in from one table?": its tests run a real Django over SQLite,
// PostgreSQL and MariaDB, point a sqlstore.Table at its auth_user, and reset
// passwords on both sides.
//
// The tests need Debian's python3-django, python3-argon2, python3-psycopg2 and
// python3-mysqldb, or LOSTKEY_PYTHON, a Python that has them, and are skipped
// without. LOSTKEY_REQUIRE_TOOLS=1 makes that a failure. The servers are those
// of LOSTKEY_POSTGRES and LOSTKEY_MYSQL, or this machine's.
package django
