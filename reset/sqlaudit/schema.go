package sqlaudit

import (
	"github.com/lostkey-go/lostkey/reset/internal/sqldialect"
)

const siteColumn = "site VARCHAR(64) NOT NULL DEFAULT ''"

// Schema returns the statements that make the trail's table and indexes where
// they are missing. The columns are the fields of an [Entry], with client_net
// for Network and at_ms in milliseconds since 1970-01-01 UTC. There is no index
// on site. A table without that column works, and the log says how to add it.
func (t *Trail) Schema() []string {
	table, d := t.dialect.Quote(t.name), t.dialect
	columns := `
	at_ms BIGINT NOT NULL,
	outcome VARCHAR(32) NOT NULL,
	purpose VARCHAR(32) NOT NULL,
	reason VARCHAR(64) NOT NULL,
	client VARCHAR(45) NOT NULL,
	client_net VARCHAR(49) NOT NULL,
	user_id VARCHAR(255) NOT NULL,
	request_id VARCHAR(64) NOT NULL,
	token_id VARCHAR(64) NOT NULL,
	hits BIGINT NOT NULL,
	` + siteColumn

	create := "CREATE TABLE IF NOT EXISTS " + table + " (\n\tid "
	if d == sqldialect.MySQL {
		// MySQL has no CREATE INDEX IF NOT EXISTS, so the indexes come with the
		// table.
		return []string{create + "BIGINT AUTO_INCREMENT PRIMARY KEY," + columns + `,
	INDEX by_user (user_id, id),
	INDEX by_request (request_id),
	INDEX by_link (token_id),
	INDEX by_time (at_ms)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`}
	}

	identity := "INTEGER PRIMARY KEY AUTOINCREMENT,"
	if d == sqldialect.PostgreSQL {
		identity = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
	}
	index := func(suffix, columns, where string) string {
		return "CREATE INDEX IF NOT EXISTS " +
			d.Quote(sqldialect.Unqualified(t.name)+suffix) +
			" ON " + table + " (" + columns + ")" + where
	}

	return []string{
		create + identity + columns + "\n)",
		// Most rows are of no account or of no link. Each is in the indexes
		// that find it, and in no other.
		index("_by_user", "user_id, id", " WHERE user_id <> ''"),
		index("_by_request", "request_id", " WHERE outcome = 'requested'"),
		index("_by_link", "token_id", " WHERE token_id <> ''"),
		index("_by_time", "at_ms", ""),
	}
}

// Schema returns the statement that makes the list's table where it is missing.
func (b *Blocks) Schema() []string {
	tail := ""
	if b.dialect == sqldialect.MySQL {
		tail = " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
	}
	return []string{"CREATE TABLE IF NOT EXISTS " +
		b.dialect.Quote(b.name) + ` (
	prefix VARCHAR(49) NOT NULL PRIMARY KEY,
	reason VARCHAR(255) NOT NULL,
	since_ms BIGINT NOT NULL,
	until_ms BIGINT NOT NULL
)` + tail}
}
