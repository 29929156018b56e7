package sqldialect

import (
	"errors"
	"strings"
)

// Databases differ in what they do with a value that a column can never hold,
// such as a character that its character set lacks or a text where it has
// numbers. Some answer that no row matches, others with an error. Such an error
// must not pass for an outage, because visitors choose what they type. A
// look-up of such a value has found nothing. Comparing in a wider character set
// instead would keep the engines from using the index on the column.

// CanHold reports whether the database can hold value in any column of text.
// PostgreSQL cannot hold NUL, and says so in other words in each of its
// protocols.
func (d Dialect) CanHold(value string) bool {
	return d != PostgreSQL || strings.IndexByte(value, 0) < 0
}

// Refuses reports whether err says that the database cannot compare value with
// a column, so that no row can match it.
func (d Dialect) Refuses(err error, value string) bool {
	if err == nil {
		return false
	}

	switch d {
	case PostgreSQL:
		// string_data_right_truncation, numeric_value_out_of_range,
		// invalid_datetime_format, datetime_field_overflow,
		// character_not_in_repertoire, invalid_text_representation,
		// invalid_binary_representation, untranslatable_character,
		// check_violation (of a domain).
		return hasState(
			err,
			"22001", "22003", "22007", "22008", "22021",
			"22P02", "22P03", "22P05", "23514",
		)
	case MySQL:
		// Out of range, truncated incorrect value, data too long, incorrect
		// value for a function, incorrect value, number out of range.
		if hasNumbers(err, "1264", "1292", "1406", "1411", "1525", "1690") {
			return true
		}

		// Illegal mix of collations (with two, three and more of them), invalid
		// character string, incorrect string value, cannot convert character,
		// and MySQL's conversion from one collation into another is impossible.
		// Printable ASCII is in every character set, so with such a value the
		// fault is the statement's, and it must show.
		return !isPrintableASCII(value) && hasNumbers(
			err,
			"1267", "1270", "1271", "1300", "1366", "1977", "3854", "3988",
		)
	default:
		return sqliteRefuses(err)
	}
}

// sqliteRefuses reports whether err is TOOBIG (18) or MISMATCH (20).
func sqliteRefuses(err error) bool {
	var coded interface{ Code() int }
	if errors.As(err, &coded) {
		primary := coded.Code() & 0xff
		return primary == 18 || primary == 20
	}
	return hasText(err, func(text string) bool {
		return strings.Contains(text, "string or blob too big") ||
			strings.Contains(text, "datatype mismatch")
	})
}

func isPrintableASCII(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}
