-- Times are seconds since 1970-01-01 UTC.

CREATE TABLE IF NOT EXISTS users (
	id               TEXT    NOT NULL PRIMARY KEY,
	-- Under "C", lower() folds ASCII letters and nothing else: Ada@ and ADA@
	-- are one account, and no look-alike letter is ever taken for another.
	email            TEXT    NOT NULL COLLATE "C",
	password_hash    TEXT    NOT NULL,
	password_version BIGINT  NOT NULL DEFAULT 0, -- sqlite.sql says what for
	label            TEXT    NOT NULL DEFAULT '',
	email_verified   BOOLEAN NOT NULL DEFAULT FALSE,
	disabled         BOOLEAN NOT NULL DEFAULT FALSE,
	totp_secret      TEXT    NOT NULL DEFAULT '',
	totp_step        BIGINT  NOT NULL DEFAULT 0,
	created_at       BIGINT  NOT NULL
);

CREATE UNIQUE INDEX IF NOT EXISTS users_email ON users (lower(email));

CREATE TABLE IF NOT EXISTS sessions (
	id               TEXT    NOT NULL PRIMARY KEY, -- SHA-256 of the cookie, never the cookie
	user_id          TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	password_version BIGINT  NOT NULL,
	data             BYTEA   NOT NULL,
	expires_at       BIGINT  NOT NULL
);

CREATE INDEX IF NOT EXISTS sessions_user ON sessions (user_id);
CREATE INDEX IF NOT EXISTS sessions_expiry ON sessions (expires_at);

CREATE TABLE IF NOT EXISTS recovery_addresses (
	user_id          TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	email            TEXT    NOT NULL COLLATE "C",
	confirmed        BOOLEAN NOT NULL DEFAULT FALSE,
	PRIMARY KEY (user_id, email)
);

CREATE INDEX IF NOT EXISTS recovery_email ON recovery_addresses (lower(email));
