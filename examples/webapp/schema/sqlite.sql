-- Times are seconds since 1970-01-01 UTC.

CREATE TABLE IF NOT EXISTS users (
	id               TEXT    NOT NULL PRIMARY KEY,
	email            TEXT    NOT NULL,
	password_hash    TEXT    NOT NULL,
	-- Goes up with every new password. A session is good only for the version
	-- it was opened under, so that a sign-in which was still under way when
	-- the password changed cannot leave a session behind.
	password_version INTEGER NOT NULL DEFAULT 0,
	label            TEXT    NOT NULL DEFAULT '', -- the owner's name for the account
	email_verified   INTEGER NOT NULL DEFAULT 0,
	disabled         INTEGER NOT NULL DEFAULT 0,
	-- The secret of an authenticator app, or empty. It has to be read as it
	-- is: whoever reads this table can make codes.
	totp_secret      TEXT    NOT NULL DEFAULT '',
	-- The last 30 seconds of which a code was used. None is taken twice.
	totp_step        INTEGER NOT NULL DEFAULT 0,
	created_at       INTEGER NOT NULL
) STRICT;

-- SQLite's lower() folds ASCII letters and nothing else: Ada@ and ADA@ are one
-- account, and no look-alike letter is ever taken for another.
CREATE UNIQUE INDEX IF NOT EXISTS users_email ON users (lower(email));

CREATE TABLE IF NOT EXISTS sessions (
	id               TEXT    NOT NULL PRIMARY KEY, -- SHA-256 of the cookie, never the cookie
	user_id          TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	password_version INTEGER NOT NULL,
	data             BLOB    NOT NULL,
	expires_at       INTEGER NOT NULL
) STRICT;

CREATE INDEX IF NOT EXISTS sessions_user ON sessions (user_id);
CREATE INDEX IF NOT EXISTS sessions_expiry ON sessions (expires_at);

CREATE TABLE IF NOT EXISTS recovery_addresses (
	user_id          TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	email            TEXT    NOT NULL,
	confirmed        INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (user_id, email)
) STRICT;

CREATE INDEX IF NOT EXISTS recovery_email ON recovery_addresses (lower(email));
