package resettest

import (
	"context"
	"errors"
	"testing"
	"time"
)

// checkTimeout is the timeout of one check, so that a deadlock is a failure
// with a name.
const checkTimeout = time.Minute

// TestStore runs all checks, each against a fixture of its own. It may be
// called several times, with different schemas.
func TestStore(t *testing.T, fixture func(t *testing.T) Fixture) {
	t.Helper()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			f := fixture(t)
			if f.Store == nil || f.Create == nil {
				t.Fatal(
					"resettest: Fixture.Store and Fixture.Create are required",
				)
			}

			ctx, cancel := context.WithTimeout(t.Context(), checkTimeout)
			defer cancel()
			err := c.run(ctx, f)

			if skip, ok := errors.AsType[needs](err); ok {
				t.Skipf("needs %s", string(skip))
			}
			if err != nil {
				t.Errorf("%v\nprobable cause: %s", err, c.causeOf(err))
			}
		})
	}
}

// A check is one sentence of the contract. It returns what was violated.
type check struct {
	name string
	// cause is the usual cause, unless the error has a cause of its own.
	cause string
	run   func(ctx context.Context, f Fixture) error
}

func (c check) causeOf(err error) string {
	if known, ok := errors.AsType[*causedError](err); ok {
		return known.cause
	}
	return c.cause
}

// A causedError is a violation with a probable cause other than the check's
// usual one.
type causedError struct {
	err   error
	cause string
}

func (e *causedError) Error() string { return e.err.Error() }
func (e *causedError) Unwrap() error { return e.err }

// needs names what a check cannot do without.
type needs string

func (n needs) Error() string { return "resettest: needs " + string(n) }

// causeUnfit is the usual cause of a look-up that fails on a value.
const causeUnfit = "the database's error about the value is passed on, " +
	"where it means that no row can match: MySQL's 1267 or 3988 for letters " +
	"the column's character set lacks, PostgreSQL's 22P05 or 22021; or the " +
	"statement is put together as text instead of with parameters"

// checks are all checks, in the order in which they run.
var checks = []check{
	{
		"finds an account by its address",
		"the look-up does not return all columns, or returns what was typed",
		findsByEmail,
	},
	{
		"finds nothing without an error",
		"sql.ErrNoRows is returned, where no account is an answer and not a " +
			"failure",
		findsNothing,
	},
	{
		"finds nothing for an address that a column cannot hold",
		causeUnfit,
		unfitAddresses,
	},
	{
		"folds ASCII letters in addresses",
		"the address is compared byte for byte: compare LOWER(email) with " +
			"LOWER(?), or use a case-insensitive column",
		foldsASCII,
	},
	{
		"never returns a typed address as the stored one",
		"User.Email is filled from the argument instead of the column; a " +
			"look-alike would be mailed to its typist",
		lookAlikes,
	},
	{
		"returns every account on one address",
		"the look-up stops at the first row",
		returnsAll,
	},
	{
		"finds an address among its other spellings",
		"the look-up is bounded or fails before it gets to the exact " +
			"spelling: order by it first, then LIMIT; and let a unique index " +
			"on lower(email) keep other spellings out",
		otherSpellings,
	},
	{
		"reads an account by its id",
		"a column is missing, trimmed, or padded (CHAR and BINARY pad)",
		readsByID,
	},
	{
		"refuses unknown and malformed ids",
		"the database coerces the id (MySQL reads '42abc' as 42), or its " +
			"error about the value is passed on: return ErrUserNotFound",
		refusesIDs,
	},
	{
		"reads disabled accounts as disabled",
		"the column is not read",
		readsDisabled,
	},
	{
		"reads the label",
		"the column is not read, or by one of the two look-ups alone",
		readsLabel,
	},
	{
		"finds an account by each recovery address",
		"the look-up by address asks the main column alone, or an account " +
			"comes back without the addresses it was not found by",
		findsByRecovery,
	},
	{
		"forgets a removed recovery address",
		"the address is still looked up or returned after it was removed, " +
			"so links to it stay good",
		forgetsRecovery,
	},
	{
		"reads five long recovery addresses whole",
		"the column is too short for 254 bytes, or the database cuts the " +
			"list (MySQL's GROUP_CONCAT at 1024 bytes)",
		readsLongRecovery,
	},
	{
		"stores a long hash exactly",
		"the hash column is too short (VARCHAR(60) cuts or refuses an " +
			"argon2id hash; VARCHAR(128) holds every one this library " +
			"makes), padded, or of a lossy character set",
		storesLongHash,
	},
	{
		"changes one account alone",
		"the UPDATE lacks the condition on the id",
		changesOne,
	},
	{
		"refuses another old hash",
		"the UPDATE lacks the condition on the old hash, or its count of " +
			"rows is not looked at",
		refusesOtherHash,
	},
	{
		"refuses an old hash in another case",
		"the hash column has a case-insensitive collation: declare it " +
			"COLLATE ascii_bin, or VARBINARY",
		refusesCaseFlip,
	},
	{
		"refuses an old hash with a space more or less",
		"the collation ignores trailing spaces (PAD SPACE, CHAR): compare " +
			"BINARY, or use VARBINARY; or the value is trimmed in Go",
		refusesPadding,
	},
	{
		"lets a hash be replaced once",
		"the same old hash was accepted twice: the write does not compare " +
			"with what is stored",
		replacesOnce,
	},
	{
		"replaces an empty hash once",
		"NULL = '' is never true in SQL: compare COALESCE(password_hash, '')",
		replacesEmpty,
	},
	{
		"refuses after the address changed",
		"the UPDATE lacks the condition on the address",
		refusesChangedEmail,
	},
	{
		"refuses after the stamp changed",
		"the UPDATE lacks the condition on the stamp",
		refusesChangedStamp,
	},
	{
		"refuses after a recovery address was removed",
		"the write neither compares the recovery addresses nor a stamp that " +
			"changes with them",
		refusesChangedRecovery,
	},
	{
		"replaces the hash of an account with recovery addresses once",
		"the write compares the addresses in another order or form than the " +
			"look-ups return them in",
		replacesWithRecovery,
	},
	{
		"replaces the hash after the label changed",
		"the write compares more than a link is bound to",
		ignoresLabel,
	},
	{
		"refuses a disabled account",
		"the UPDATE lacks the condition on the disabled column",
		refusesDisabled,
	},
	{
		"refuses a deleted account",
		"no row was changed, and that was not reported as ErrStale; or, " +
			"where deleting only marks the row, the UPDATE lacks the " +
			"condition on the mark, and the row was changed",
		refusesDeleted,
	},
	{
		"keeps a used invitation dead when the password is cleared",
		"clearing brings back the very hash that the invitation was bound " +
			"to: write '!' and random text, new each time, or the empty " +
			"hash, or count the stamp up as well",
		invitationStaysDead,
	},
	{
		"has one winner of 64 at a barrier",
		"reading and writing are two steps: compare in the UPDATE itself; or " +
			"a conflict that the database reports is not mapped to ErrStale",
		oneWinner,
	},
	{
		"ends the account's sessions in the same write",
		"ReplaceHash does not end sessions",
		endsSessions,
	},
	{
		"keeps sessions when the write is refused",
		"sessions are ended before, or apart from, the conditional write",
		keepsSessions,
	},
	{
		"keeps the old hash when sessions cannot be ended",
		"the hash and the sessions are not written in one transaction",
		keepsHash,
	},
	{
		"does nothing with a cancelled context",
		"ctx is not passed on to the database",
		heedsContext,
	},
	{
		"serves many at once",
		"shared state without a lock, a pool that deadlocks, or a conflict " +
			"between two accounts that is passed on: repeat what the " +
			"database refused because of another transaction",
		servesMany,
	},
}
