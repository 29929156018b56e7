package sqldialect

import (
	"errors"
	"slices"
	"strings"
)

// Drivers tell a lost race in types of their own, and importing three drivers
// to read them would put all three into every host's go.mod. What they share is
// read instead. That is the method SQLState (pgx, lib/pq), the method Code
// (modernc), and for the others the text. A wrong guess is harmless, because a
// conflict only leads to reading the row once more, and the row decides.

// Conflict reports whether the database refused a transaction because of
// another one.
func (d Dialect) Conflict(err error) bool {
	if err == nil {
		return false
	}

	switch d {
	case PostgreSQL:
		// serialization_failure, deadlock_detected, lock_not_available.
		return hasState(err, "40001", "40P01", "55P03")
	case MySQL:
		// Deadlock, lock wait timeout, and MariaDB's "Record has changed since
		// last read" under innodb_snapshot_isolation.
		return hasNumbers(err, "1213", "1205", "1020") || hasState(err, "40001")
	default:
		return sqliteBusy(err)
	}
}

func hasState(err error, states ...string) bool {
	var coded interface{ SQLState() string }
	if !errors.As(err, &coded) {
		return false
	}
	return slices.Contains(states, coded.SQLState())
}

// sqliteBusy reports whether err is BUSY (5) or LOCKED (6). It knows their
// extended codes, of which BUSY_SNAPSHOT (517) is one.
func sqliteBusy(err error) bool {
	var coded interface{ Code() int }
	if errors.As(err, &coded) {
		primary := coded.Code() & 0xff
		return primary == 5 || primary == 6
	}
	return hasText(err, func(text string) bool {
		return strings.Contains(text, "database is locked") ||
			strings.Contains(text, "database table is locked")
	})
}

// hasNumbers reports whether an error in the tree is one of MySQL's with one of
// these numbers.
func hasNumbers(err error, numbers ...string) bool {
	return hasText(err, func(text string) bool {
		return slices.ContainsFunc(numbers, func(number string) bool {
			return hasNumber(text, number)
		})
	})
}

// hasNumber reports whether text begins with an error number in one of the two
// forms of go-sql-driver, "Error 1213 (40001): …" and "Error 1213: …".
func hasNumber(text, number string) bool {
	rest, ok := strings.CutPrefix(text, "Error "+number)
	return ok && (strings.HasPrefix(rest, " (") || strings.HasPrefix(rest, ":"))
}

// hasText asks match about every error in the tree, each by its own text, so
// that a prefix is the driver's and not that of what wraps it.
func hasText(err error, match func(text string) bool) bool {
	if match(err.Error()) {
		return true
	}

	switch wrapped := err.(type) { //nolint:errorlint // the tree is walked here by hand.
	case interface{ Unwrap() error }:
		inner := wrapped.Unwrap()
		return inner != nil && hasText(inner, match)
	case interface{ Unwrap() []error }:
		for _, inner := range wrapped.Unwrap() {
			if hasText(inner, match) {
				return true
			}
		}
	}
	return false
}
