package sqlstore

import (
	"cmp"
	"context"
	"strconv"
	"strings"
)

const postgresColumns = `
	SELECT a.attname AS name, t.typname AS kind,
		format_type(a.atttypid, a.atttypmod) AS declared,
		CASE WHEN t.typname IN ('varchar', 'bpchar') AND a.atttypmod > 4
			THEN a.atttypmod - 4 ELSE 0 END AS length,
		CASE WHEN a.attnotnull THEN '' ELSE 'yes' END AS nullable,
		CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid)
			ELSE '' END AS generated,
		CASE WHEN c.relkind IN ('r', 'p') THEN '' ELSE 'yes' END AS is_view
	FROM pg_attribute a
	JOIN pg_class c ON c.oid = a.attrelid
	JOIN pg_type t ON t.oid = a.atttypid
	LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
	WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped`

const postgresIndexes = `
	SELECT i.indexrelid::regclass::text AS name,
		CASE WHEN i.indisunique THEN 'yes' ELSE '' END AS is_unique,
		COALESCE(pg_get_expr(i.indpred, i.indrelid), '') AS partial,
		pg_get_indexdef(i.indexrelid, k, true) AS key,
		CASE WHEN EXISTS (SELECT 1 FROM pg_constraint x
			WHERE x.conindid = i.indexrelid) THEN 'yes' ELSE '' END AS fixed
	FROM pg_index i, generate_series(1, i.indnkeyatts::int) AS k
	WHERE i.indrelid = to_regclass($1) AND i.indisvalid
	ORDER BY i.indexrelid, k`

func (s *Store) layoutPostgreSQL(
	ctx context.Context, table string,
) (layout, error) {
	return s.layoutFrom(ctx, postgresColumns, postgresIndexes,
		s.dialect.Quote(table))
}

const mysqlColumns = `
	SELECT c.COLUMN_NAME AS name, c.DATA_TYPE AS kind,
		c.COLUMN_TYPE AS declared,
		COALESCE(c.CHARACTER_MAXIMUM_LENGTH, 0) AS length,
		COALESCE(c.CHARACTER_SET_NAME, '') AS charset,
		CASE WHEN c.IS_NULLABLE = 'YES' THEN 'yes' ELSE '' END AS nullable,
		COALESCE(c.GENERATION_EXPRESSION, '') AS generated,
		CASE WHEN t.TABLE_TYPE LIKE '%VIEW' THEN 'yes' ELSE '' END AS is_view
	FROM information_schema.COLUMNS c
	JOIN information_schema.TABLES t USING (TABLE_SCHEMA, TABLE_NAME)
	WHERE c.TABLE_SCHEMA = COALESCE(NULLIF(?, ''), DATABASE())
		AND c.TABLE_NAME = ?`

func (s *Store) layoutMySQL(
	ctx context.Context, name string,
) (layout, error) {
	schema, table, dotted := strings.Cut(name, ".")
	if !dotted {
		schema, table = "", name
	}
	l, err := s.layoutFrom(ctx, mysqlColumns, "", schema, table)
	if err != nil || l.isView || len(l.columns) == 0 {
		return l, err
	}

	// SHOW INDEX has MySQL's expressions where there are any. A query of the
	// catalog would have to name a column that MariaDB lacks.
	err = s.each(ctx, s.db, func(row map[string]string) {
		l.addKey(
			index{
				name: row["key_name"], unique: row["non_unique"] == "0",
				fixed: row["key_name"] == "PRIMARY",
			},
			cmp.Or(row["column_name"], row["expression"]),
		)
	}, "SHOW INDEX FROM "+s.dialect.Quote(name))
	return l, err
}

const sqliteColumns = `
	SELECT c.name AS name, c.type AS declared,
		CASE WHEN c."notnull" THEN '' ELSE 'yes' END AS nullable,
		CASE WHEN m.type = 'view' THEN 'yes' ELSE '' END AS is_view,
		CASE WHEN c.pk = 1 AND upper(c.type) = 'INTEGER' THEN 'yes' ELSE ''
			END AS row_id
	FROM %s.sqlite_master m, pragma_table_xinfo(m.name, ?) c
	WHERE m.type IN ('table', 'view') AND lower(m.name) = lower(?)`

// sqliteIndexes yields NULL as the key of an expression, which stands in the
// statement alone.
const sqliteIndexes = `
	SELECT l.name AS name, CASE WHEN l."unique" THEN 'yes' ELSE '' END
			AS is_unique,
		COALESCE(x.name, '') AS key, x.coll AS coll, x.seqno AS seqno,
		COALESCE(m.sql, '') AS statement,
		CASE WHEN m.sql IS NULL THEN 'yes' ELSE '' END AS fixed
	FROM pragma_index_list(?, ?) l, pragma_index_xinfo(l.name, ?) x
	LEFT JOIN %s.sqlite_master m ON m.type = 'index' AND m.name = l.name
	WHERE x.key ORDER BY l.seq, x.seqno`

func (s *Store) layoutSQLite(
	ctx context.Context, table string,
) (layout, error) {
	schema := "main"
	if before, after, dotted := strings.Cut(table, "."); dotted {
		schema, table = before, after
	}
	in := func(query string) string {
		return strings.ReplaceAll(query, "%s", s.dialect.Quote(schema))
	}

	l, err := s.layoutFrom(ctx, in(sqliteColumns), "", schema, table)
	if err != nil {
		return l, err
	}
	err = s.each(ctx, s.db, func(row map[string]string) {
		keys, partial := indexParts(row["statement"])
		key := row["key"]
		at, _ := strconv.Atoi(row["seqno"])
		switch {
		case key == "" && at < len(keys):
			key = keys[at]
		case row["coll"] == "NOCASE":
			key = "lower(" + key + ")"
		}
		l.addKey(index{
			name: row["name"], unique: row["is_unique"] != "",
			partial: normalise(partial), fixed: row["fixed"] != "",
		}, key)
	}, in(sqliteIndexes), table, schema, schema)
	return l, err
}

// indexParts takes CREATE INDEX apart, into its keys and its condition.
func indexParts(statement string) (keys []string, condition string) {
	_, list, _ := strings.Cut(statement, "(")
	depth, from := 1, 0
	for i, r := range list {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 || depth == 1 && r == ',' {
			keys, from = append(keys, list[from:i]), i+1
		}
		if depth == 0 {
			break
		}
	}
	return keys, list[min(from, len(list)):]
}

// layoutFrom reads a catalog that names its columns as above. Without a second
// query there are no indexes.
func (s *Store) layoutFrom(
	ctx context.Context, columns, indexes string, args ...any,
) (layout, error) {
	var l layout
	err := s.each(ctx, s.db, func(row map[string]string) {
		length, _ := strconv.Atoi(row["length"])
		l.isView = row["is_view"] != ""
		l.columns = append(l.columns, column{
			name: row["name"], kind: strings.ToLower(row["kind"]),
			declared: row["declared"], length: length,
			charset: row["charset"], nullable: row["nullable"] != "",
			generated: row["generated"], rowID: row["row_id"] != "",
		})
	}, columns, args...)
	if err != nil || indexes == "" {
		return l, err
	}

	err = s.each(ctx, s.db, func(row map[string]string) {
		l.addKey(index{
			name: row["name"], unique: row["is_unique"] != "",
			partial: normalise(row["partial"]), fixed: row["fixed"] != "",
		}, row["key"])
	}, indexes, args...)
	return l, err
}
