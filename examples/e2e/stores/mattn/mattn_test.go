// Package mattn_test holds mattn/go-sqlite3, which is SQLite itself by cgo, to
// what package sqlstore promises. Without a C compiler it is skipped.
package mattn_test

import (
	"testing"

	_ "github.com/mattn/go-sqlite3"

	"github.com/lostkey-go/lostkey/examples/e2e/stores/sqlitetest"
)

func TestStoreKeepsTheContractByMattn(t *testing.T) {
	sqlitetest.Run(t, "sqlite3", func(file, busy string) string {
		return "file:" + file + "?_journal_mode=WAL&_synchronous=NORMAL" +
			"&_busy_timeout=" + busy
	})
}
