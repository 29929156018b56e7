package stores_test

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset/resettest"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// What the kit says of a hash column. By way of a Table, which compares bytes,
// all is well with every column that gives back what was put in. Statements
// that do not say how to compare are at the column's mercy.
var hashColumns = []struct {
	engine  int
	declare string
	// The checks that fail by way of a Table, and of plain statements.
	table, plain []string
}{
	{0, "TEXT", nil, nil},
	{0, "CHAR(120)", nil, nil},
	{0, "BLOB", nil, nil},
	{0, "TEXT COLLATE NOCASE", nil, []string{flip}},
	{1, "TEXT", nil, nil},
	{1, "VARCHAR(255)", nil, nil},
	{1, "TEXT COLLATE lookalike", nil, []string{flip}},
	{1, "CHAR(255)", []string{pad}, everything}, // the padding is read as part of the hash, unless it is cast
	{1, "CHAR(120)", []string{pad, long}, everything},
	{1, "VARCHAR(60)", everything, everything},
	{1, "BYTEA", everything, nil}, // its text is hexadecimal
	{2, "VARBINARY(255)", nil, nil},
	{2, "BLOB", nil, nil},
	{2, "TEXT", nil, []string{flip, pad}},
	{2, "VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin", nil, []string{pad}},
	{2, "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin", nil, nil},
	{2, "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", nil, []string{flip, pad}},
	{2, "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci", nil, []string{flip, pad}},
	{2, "VARCHAR(255) CHARACTER SET latin1 COLLATE latin1_swedish_ci", nil, []string{flip, pad}},
	{2, "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci", nil, []string{flip, pad}},
	{2, "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", nil, []string{pad}},
	{2, "VARCHAR(255) CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci", nil, []string{flip, pad}},
	{2, "CHAR(200) CHARACTER SET ascii COLLATE ascii_bin", []string{pad}, []string{pad}},
	{2, "VARCHAR(60)", everything, everything},
	{2, "BINARY(255)", everything, everything}, // read back with NUL bytes
}

const (
	flip = "refuses_an_old_hash_in_another_case"
	pad  = "refuses_an_old_hash_with_a_space_more_or_less"
	long = "stores_a_long_hash_exactly"
)

// everything is what fails on a column that does not give back what was put in.
var everything = []string{"everything"}

const columnVariable = "LOSTKEY_STORES_COLUMN"

func TestKitOnHashColumns(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the kit some forty times")
	}
	for i, c := range hashColumns {
		e := engines[c.engine]
		t.Run(e.name+" "+c.declare, func(t *testing.T) {
			e.prepare(t) // skips where there is no server
			require.Equal(t, c.table, failures(t, "table", i),
				"by way of a Table")
			require.Equal(t, c.plain, failures(t, "plain", i),
				"by way of plain statements")
		})
	}
}

// failures runs the kit on one column, in a process of its own because it is
// expected to fail, and returns the names of the checks that did.
func failures(t *testing.T, way string, column int) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0],
		"-test.run=^TestColumn$", "-test.v")
	cmd.Env = append(os.Environ(),
		fmt.Sprintf("%s=%s %d", columnVariable, way, column))
	out, err := cmd.CombinedOutput()
	var failed []string
	for line := range strings.Lines(string(out)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line),
			"--- FAIL: TestColumn/"); ok {
			name, _, _ = strings.Cut(name, " ")
			failed = append(failed, name)
		}
	}

	require.Equal(t, err != nil, failed != nil, "%s", out)
	if len(failed) > 20 {
		return everything
	}
	slices.Sort(failed)
	return failed
}

func TestColumn(t *testing.T) {
	var (
		way    string
		column int
	)
	if _, err := fmt.Sscan(os.Getenv(columnVariable), &way, &column); err != nil {
		t.Skip("is run by TestKitOnHashColumns")
	}
	c := hashColumns[column]
	e := engines[c.engine]
	cfg := sqlstore.Config{
		Dialect: e.dialect, Table: users, InTx: endSessions(e),
	}
	if way == "plain" {
		cfg.Table, cfg.Queries = sqlstore.Table{}, ownStatements(e)
		_, rest, _ := strings.Cut(cfg.Queries.Replace, "COALESCE(")
		_, rest, _ = strings.Cut(rest, " AND ")
		cfg.Queries.Replace = e.bind("UPDATE users SET password_hash = ? "+
			"WHERE id = ? AND (password_hash = ? OR password_hash IS NULL)") +
			" AND " + rest
	}

	// One database serves all checks; each gets empty tables.
	dsn := e.prepare(t)
	e.prepare = func(testing.TB) string { return dsn }
	resettest.TestStore(t, func(t *testing.T) resettest.Fixture {
		return fixture(t, e, c.declare, cfg)
	})
}
