// Package ncruces_test holds ncruces/go-sqlite3, which is SQLite compiled to
// WebAssembly, to what package sqlstore promises.
package ncruces_test

import (
	"testing"

	_ "github.com/ncruces/go-sqlite3/driver"
	_ "github.com/ncruces/go-sqlite3/embed"

	"github.com/lostkey-go/lostkey/examples/e2e/stores/sqlitetest"
)

func TestStoreKeepsTheContractByNcruces(t *testing.T) {
	sqlitetest.Run(t, "sqlite3", func(file, busy string) string {
		return "file:" + file + "?_pragma=busy_timeout(" + busy +
			")&_pragma=journal_mode(wal)&_pragma=synchronous(normal)"
	})
}
