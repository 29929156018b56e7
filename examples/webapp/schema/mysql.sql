-- Times are seconds since 1970-01-01 UTC.

CREATE TABLE IF NOT EXISTS users (
	id               VARCHAR(64)    NOT NULL PRIMARY KEY,
	-- Compares without case, so that Ada@ and ADA@ are one account. It takes
	-- some look-alike letters for each other too. Those addresses cannot both
	-- have an account here, and neither opens the account of the other.
	email            VARCHAR(254)   NOT NULL COLLATE utf8mb4_general_ci,
	password_hash    VARBINARY(255) NOT NULL,
	password_version BIGINT         NOT NULL DEFAULT 0, -- sqlite.sql says what for
	label            VARCHAR(255)   NOT NULL DEFAULT '',
	email_verified   BOOLEAN        NOT NULL DEFAULT FALSE,
	disabled         BOOLEAN        NOT NULL DEFAULT FALSE,
	totp_secret      VARCHAR(64)    NOT NULL DEFAULT '',
	totp_step        BIGINT         NOT NULL DEFAULT 0,
	created_at       BIGINT         NOT NULL,
	UNIQUE INDEX users_email (email)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS sessions (
	id               VARCHAR(64)    NOT NULL PRIMARY KEY, -- SHA-256 of the cookie, never the cookie
	user_id          VARCHAR(64)    NOT NULL,
	password_version BIGINT         NOT NULL,
	data             BLOB           NOT NULL,
	expires_at       BIGINT         NOT NULL,
	INDEX sessions_user (user_id),
	INDEX sessions_expiry (expires_at),
	FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS recovery_addresses (
	user_id          VARCHAR(64)    NOT NULL,
	email            VARCHAR(254)   NOT NULL COLLATE utf8mb4_general_ci,
	confirmed        BOOLEAN        NOT NULL DEFAULT FALSE,
	PRIMARY KEY (user_id, email),
	INDEX recovery_email (email),
	FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
