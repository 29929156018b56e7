-- What the relational stores of this folder are written for.
CREATE TABLE users (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	email text NOT NULL,
	password_hash text, -- NULL: no password
	session_version integer NOT NULL DEFAULT 0,
	name text NOT NULL DEFAULT '',
	locale text NOT NULL DEFAULT '',
	disabled boolean NOT NULL DEFAULT false
);

-- UNIQUE, unless accounts may share an address.
CREATE INDEX users_email ON users (lower(email));

CREATE TABLE sessions (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	user_id bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX sessions_user ON sessions (user_id);
