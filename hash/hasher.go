package hash

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lostkey-go/lostkey/hash/internal/format"
)

// Config configures a [Hasher]. The zero value is the recommended one.
type Config struct {
	// Params says what new hashes are. Nil means Argon2id{}. With [Django] or
	// [Spring], Peppers and Normalize must be empty.
	Params Params

	// Accept lists the formats that stored hashes may have, besides that of
	// Params. Nil means [Modern].
	Accept []Scheme

	// Bounds limit what a stored string may ask for.
	Bounds Bounds

	// Slots bound what runs at once. Nil makes some for this Hasher alone, with
	// the defaults of [SlotsConfig] and room for a hash of Params in each.
	Slots *Slots

	// Peppers add a secret to new hashes. The first is used, and all verify.
	Peppers []Pepper

	// Normalize is applied to passwords before they are hashed, normalize.NFKC
	// of package hash/normalize for example. Nil hashes the bytes as received.
	// Set it only if every login and registration goes through this Hasher.
	// Verify checks the bytes as received first, then the normalised form.
	Normalize func(string) string

	// IsUnusable adds the application's own marks, "sso" for example, to those
	// of the function [IsUnusable]. It must be quick and safe for concurrent
	// use. A panic in it counts as true.
	IsUnusable func(encoded string) bool

	// MinDuration is the least that Verify, VerifyAndUpdate and VerifyDummy
	// take, up to a minute. Set it above the slowest format when rows of very
	// different cost are mixed. The wait holds no slot and ends with ctx.
	MinDuration time.Duration

	// LegacyInFIPS lets stored rows that need SHA-1, MD5 or short salts be
	// verified under GODEBUG=fips140=only, outside the enforcement, so that a
	// login can move them to Params. New hashes are never made that way.
	LegacyInFIPS bool

	// Now is the clock of MinDuration, and of Slots that are made here. Nil
	// means time.Now.
	Now func() time.Time
}

// Hasher makes and verifies password hashes. Make one with [New]. It does not
// change and is safe for concurrent use. Copies share its slots.
type Hasher struct {
	params       maker
	schemes      format.Schemes
	bounds       Bounds
	slots        *Slots
	peppers      *pepperRing
	normalize    func(string) string
	isUnusable   func(encoded string) bool
	minDuration  time.Duration
	legacyInFIPS bool
	now          func() time.Time
}

// New returns a Hasher, or an error that names the field that is wrong or weak.
// It derives nothing.
func New(cfg Config) (*Hasher, error) { return newHasher(cfg, false) }

// NewInsecure is [New] without the floor under Params, for tests and for a
// [Spring] application that is below it. Weak hashes can be guessed at millions
// a second.
func NewInsecure(cfg Config) (*Hasher, error) { return newHasher(cfg, true) }

// NewInsecureForTests returns a Hasher for the tests of applications. Its
// hashes, argon2id of 64 KiB in one pass, take some 50 microseconds and protect
// nothing.
func NewInsecureForTests() *Hasher {
	h, err := NewInsecure(Config{
		Params: Argon2id{MemoryKiB: 64, Time: 1, Threads: 1},
	})
	if err != nil {
		panic(err) // Unreachable, the configuration is constant.
	}
	return h
}

// newHasher is New, with or without the floor under Params.
func newHasher(cfg Config, insecure bool) (*Hasher, error) {
	params, err := resolveParams(cfg, insecure)
	if err != nil {
		return nil, err
	}
	bounds, err := format.ResolveBounds(cfg.Bounds)
	if err != nil {
		return nil, err
	}

	peppers, err := newPepperRing(cfg.Peppers)
	if err != nil {
		return nil, err
	}
	schemes, err := newSchemes(cfg.Accept, params.scheme(), peppers)
	if err != nil {
		return nil, err
	}

	if cfg.MinDuration < 0 || cfg.MinDuration > time.Minute {
		return nil, fmt.Errorf(
			"hash: Config.MinDuration is %v, want 0 to 1m", cfg.MinDuration,
		)
	}
	if cfg.Now == nil {
		//nolint:forbidigo // the clock of a Hasher without one.
		cfg.Now = time.Now
	}
	slots, err := resolveSlots(cfg, params)
	if err != nil {
		return nil, err
	}

	return &Hasher{
		params:       params,
		schemes:      schemes,
		bounds:       bounds,
		slots:        slots,
		peppers:      peppers,
		normalize:    cfg.Normalize,
		isUnusable:   cfg.IsUnusable,
		minDuration:  cfg.MinDuration,
		legacyInFIPS: cfg.LegacyInFIPS,
		now:          cfg.Now,
	}, nil
}

// resolveParams returns what makes new hashes.
func resolveParams(cfg Config, insecure bool) (maker, error) {
	if cfg.Params == nil {
		cfg.Params = Argon2id{}
	}
	params, err := cfg.Params.resolve(insecure)
	if err != nil {
		return nil, err
	}
	return params, validateShared(cfg, params)
}

// validateShared refuses what the other application could not verify, or not
// under every spelling of a password.
func validateShared(cfg Config, params maker) error {
	shared, ok := params.(interface{ sharedWith() string })
	switch {
	case !ok:
		return nil
	case len(cfg.Peppers) > 0:
		return fmt.Errorf(
			"hash: Config.Peppers is set, want none, because %s reads the "+
				"rows of Config.Params and knows no pepper",
			shared.sharedWith(),
		)
	case cfg.Normalize != nil:
		return fmt.Errorf(
			"hash: Config.Normalize is set, want nil, because %s reads the "+
				"rows of Config.Params and normalises nothing",
			shared.sharedWith(),
		)
	}
	return nil
}

// resolveSlots returns Config.Slots, or else slots with room for a hash of
// params in each.
func resolveSlots(cfg Config, params maker) (*Slots, error) {
	need := params.memoryKiB()
	if cfg.Slots == nil {
		slots, err := NewSlots(SlotsConfig{Now: cfg.Now})
		if err != nil {
			return nil, err
		}
		slots.memory = max(slots.memory, slots.count*need)
		return slots, nil
	}

	if need > cfg.Slots.memory {
		return nil, fmt.Errorf(
			"hash: Config.Params needs %d KiB, Config.Slots has %d in all",
			need, cfg.Slots.memory,
		)
	}
	return cfg.Slots, nil
}

// Slots returns the slots in use, for their figures and for other Hashers.
func (h *Hasher) Slots() *Slots { return h.slots }

// Hash returns a new hash of password with a fresh salt, in at most 128 bytes.
// It refuses passwords with [ErrEmptyPassword], [ErrPasswordTooLong],
// [ErrNotUTF8] and [ErrNUL], and does not judge them beyond this. Its other
// errors are [ErrBusy] and ctx.Err().
//
// ctx governs the wait for a slot. A derivation that has begun is not stopped.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := validatePassword(password); err != nil {
		return "", err
	}
	if !utf8.ValidString(password) {
		return "", ErrNotUTF8
	}
	if h.normalize != nil {
		password = h.normalize(password)
		if err := validateForm(password); err != nil {
			return "", err
		}
	}

	prefix, password := h.peppers.season(password)
	var encoded string
	err := h.derive(ctx, h.params.memoryKiB(), func() (err error) {
		encoded, err = h.params.create(password)
		return err
	})
	if err != nil {
		return "", err
	}

	return prefix + encoded, nil
}

// validatePassword refuses what no row can be of. A NUL is refused whatever the
// format, because bcrypt ends or repeats a password at one, and the HMAC in
// PBKDF2 and scrypt cannot tell one at the end from none.
func validatePassword(password string) error {
	if len(password) > MaxPasswordBytes {
		return ErrPasswordTooLong
	}
	return validateForm(password)
}

// validateForm is validatePassword for what normalisation has made.
func validateForm(form string) error {
	switch {
	case form == "":
		return ErrEmptyPassword
	case len(form) > format.MaxPassword:
		return ErrPasswordTooLong
	case strings.IndexByte(form, 0) >= 0:
		return ErrNUL
	}
	return nil
}

// derive runs f in a slot. A panic inside becomes an error and the slot
// is free again whatever happens.
func (h *Hasher) derive(
	ctx context.Context,
	kib int,
	f func() error,
) (err error) {
	if err := h.slots.acquire(ctx, kib); err != nil {
		return err
	}
	defer h.slots.release(kib)
	defer func() {
		if recover() != nil {
			err = panicError()
		}
	}()

	return f()
}

// candidates returns the forms of password to verify, as received and then
// normalised if that differs. Legacy systems hashed what they were sent, so
// the raw form goes first, and ASCII never pays twice.
func (h *Hasher) candidates(password string) []string {
	if h.normalize == nil || len(password) > MaxPasswordBytes ||
		!utf8.ValidString(password) {
		return []string{password}
	}

	form := h.normalize(password)
	if form == password || validateForm(form) != nil {
		return []string{password}
	}
	return []string{password, form}
}
