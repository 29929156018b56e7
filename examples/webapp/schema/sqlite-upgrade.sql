-- For a file of the time when a user was an address and a password.
ALTER TABLE users ADD COLUMN label          TEXT    NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN email_verified INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN disabled       INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN totp_secret    TEXT    NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN totp_step      INTEGER NOT NULL DEFAULT 0;
