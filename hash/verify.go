package hash

import (
	"context"
	"errors"
	"time"
)

// Result is what a verification found out.
type Result struct {
	// OK says that the password is the right one.
	OK bool

	// NeedsRehash is as [Hasher.NeedsRehash], but false unless OK, and false
	// once Updated.
	NeedsRehash bool

	// Scheme is the variant of the row, such as "argon2id" or
	// "django-pbkdf2-sha256", or "unusable" for the mark of an account without
	// a password.
	Scheme string

	// Updated says that VerifyAndUpdate stored a new hash.
	Updated bool

	// UpdateErr says why VerifyAndUpdate could not hash or store. The login is
	// good all the same, and the next one tries again. Log the error.
	UpdateErr error
}

// Verify reports whether password is the one that encoded was made from. A
// wrong password is Result.OK false and no error. So is an empty or over-long
// one, one with a NUL, and any on a mark of an account without a password.
//
// [ErrBusy] and ctx.Err() mean "try again later". [ErrUnknownFormat],
// [ErrMalformed], [ErrUnsupported], [ErrOutOfBounds], [ErrUnknownPepper] and
// [ErrFIPS] are faults of the row: log them, and show the visitor what a wrong
// password shows. The Result beside an error is zero.
//
// Do not cache the answers. ctx governs the wait for a slot.
func (h *Hasher) Verify(
	ctx context.Context,
	password, encoded string,
) (Result, error) {
	start := h.now()
	res, err := h.verify(ctx, password, encoded)
	h.settle(ctx, start)
	return res, err
}

// SwapFunc stores encoded in place of old, only if the row still holds exactly
// old, and reports whether it did. It must be one atomic statement, in SQL
// UPDATE … SET hash = ? WHERE id = ? AND hash = ?. Without the condition, a
// login that overlaps a reset would bring the old password back.
type SwapFunc func(
	ctx context.Context,
	old, encoded string,
) (swapped bool, err error)

// VerifyAndUpdate is [Hasher.Verify]. On success it also replaces a row that
// [Hasher.NeedsRehash] by a new hash of the same password, which voids the
// reset links that were issued for the row. Nothing that goes wrong after the
// verification fails the login: a lost swap is Updated false, and an error is
// in Result.UpdateErr.
//
// ctx governs the waits for a slot and is passed to swap.
func (h *Hasher) VerifyAndUpdate(
	ctx context.Context,
	password, encoded string,
	swap SwapFunc,
) (Result, error) {
	if swap == nil {
		return Result{}, errors.New("hash: VerifyAndUpdate needs a SwapFunc")
	}

	start := h.now()
	defer h.settle(ctx, start)
	res, err := h.verify(ctx, password, encoded)
	if err != nil || !res.OK || !res.NeedsRehash {
		return res, err
	}

	fresh, err := h.Hash(ctx, password)
	if err != nil {
		res.UpdateErr = err
		return res, nil
	}
	res.Updated, res.UpdateErr = swap(ctx, encoded, fresh)
	if res.Updated {
		res.NeedsRehash = false
	}
	return res, nil
}

// VerifyDummy costs what a failing Verify on a row of today's parameters does.
// Call it when the user is unknown, so that the time of the answer does not
// tell who has an account. Its errors are [ErrBusy] and ctx.Err(). ctx is as
// for Verify.
func (h *Hasher) VerifyDummy(ctx context.Context, password string) error {
	start := h.now()
	err := h.burn(ctx, len(h.candidates(password)))
	h.settle(ctx, start)
	return err
}

// NeedsRehash reports whether a login should replace encoded, because it is not
// what Hash would make today: another scheme, other parameters, a non-canonical
// spelling or an old pepper. It derives nothing. It is false for marks and for
// strings that cannot be read, which no login will replace.
func (h *Hasher) NeedsRehash(encoded string) bool {
	_, err := h.parse(encoded)
	return err == nil && !h.current(encoded)
}

// current reports whether encoded, which parses, is up to date.
func (h *Hasher) current(encoded string) bool {
	inner, ok := h.peppers.strip(encoded)
	return ok && h.params.current(inner)
}

// verify is Verify without the floor under its time.
func (h *Hasher) verify(
	ctx context.Context,
	password, encoded string,
) (Result, error) {
	candidates := h.candidates(password)
	// This is what VerifyDummy would derive: one hash, or two where
	// Config.Normalize changes the password. Every refusal below derives as
	// much. Rows and passwords that need no derivation, or a cheaper one, make
	// up for it.
	owed := len(candidates)

	rec, err := h.parse(encoded)
	if err != nil {
		if busy := h.burn(ctx, owed); busy != nil {
			return Result{}, busy
		}
		if errors.Is(err, errUnusable) {
			return Result{Scheme: "unusable"}, nil
		}
		return Result{}, err
	}

	if validatePassword(password) != nil {
		candidates = nil // no row is of such a password
	}

	res := Result{Scheme: rec.Scheme}
	current := h.current(encoded)
	for _, candidate := range candidates {
		if rec.MaxPassword > 0 && len(candidate) > rec.MaxPassword {
			continue
		}

		res.OK, err = h.check(ctx, rec, candidate)
		if err != nil {
			return Result{}, h.failed(ctx, err, owed)
		}
		if res.OK {
			res.NeedsRehash = !current
			return res, nil
		}
		if current {
			owed--
		}
	}

	if err := h.burn(ctx, owed); err != nil {
		return Result{}, err
	}
	return res, nil
}

// check runs the derivation of rec in a slot.
func (h *Hasher) check(
	ctx context.Context,
	rec Record,
	password string,
) (ok bool, err error) {
	err = h.derive(ctx, rec.MemoryKiB, func() (err error) {
		if h.legacyInFIPS {
			ok, err = checkUnenforced(rec, password)
		} else {
			ok, err = rec.Check(password)
		}
		return err
	})
	return ok && err == nil, fipsError(err)
}

// failed pays the dummy cost for a row whose derivation was refused, unless
// the refusal is about the load and not about the row.
func (h *Hasher) failed(ctx context.Context, err error, owed int) error {
	if errors.Is(err, ErrBusy) || ctx.Err() != nil {
		return err
	}
	if busy := h.burn(ctx, owed); busy != nil {
		return busy
	}
	return err
}

// burn hashes a constant runs times with today's parameters. The password is
// not used, because the cost must not depend on it.
func (h *Hasher) burn(ctx context.Context, runs int) error {
	for range runs {
		err := h.derive(ctx, h.params.memoryKiB(), func() error {
			_, err := h.params.create("a password nobody has")
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// settle waits until MinDuration has passed since start, or ctx is done. It
// runs after the slot was given back.
func (h *Hasher) settle(ctx context.Context, start time.Time) {
	left := h.minDuration - h.now().Sub(start)
	if h.minDuration == 0 || left <= 0 {
		return
	}

	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
