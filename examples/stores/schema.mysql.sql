-- The same for MySQL and MariaDB. Hashes and addresses compare byte for byte,
-- trailing spaces included. MySQL calls the collation utf8mb4_0900_bin. There
-- is no index on lower(email): with many accounts, give the table a generated
-- column for it, and ask that.
CREATE TABLE users (
	id bigint AUTO_INCREMENT PRIMARY KEY,
	email varchar(254) COLLATE utf8mb4_nopad_bin NOT NULL,
	password_hash varbinary(255), -- NULL: no password
	session_version integer NOT NULL DEFAULT 0,
	name varchar(100) NOT NULL DEFAULT '',
	locale varchar(20) NOT NULL DEFAULT '',
	disabled boolean NOT NULL DEFAULT false
);

CREATE TABLE sessions (
	id bigint AUTO_INCREMENT PRIMARY KEY,
	user_id bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE
);
