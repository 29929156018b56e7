package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"aidanwoods.dev/go-paseto"
	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	"github.com/golang-jwt/jwt/v5"
	"github.com/gorilla/securecookie"
)

// rival is another library with the same claims: user, fingerprint, time of
// issue and expiry, and a purpose where it has a place for one. It reads the
// clock, binds the claims to the user's state as one does with crypto/hmac, and
// checks all of them.
type rival struct {
	name          string
	issue, verify func() error
	rejects       []contender
}

func newRivals() ([]rival, error) {
	securecookieRival, err := newSecurecookie()
	if err != nil {
		return nil, err
	}
	pasetoRival, err := newPaseto()
	if err != nil {
		return nil, err
	}
	joseRival, err := newJose()
	if err != nil {
		return nil, err
	}
	golangJWT, err := newGolangJWT(golangJWTName, fingerprint)
	if err != nil {
		return nil, err
	}
	bare, err := newGolangJWT("golang-jwt, handed the fingerprint", handed())
	if err != nil {
		return nil, err
	}
	return []rival{
		golangJWT, bare, securecookieRival, pasetoRival,
		joseRival,
	}, nil
}

const (
	golangJWTName = "golang-jwt, typical use"
	lifetime      = time.Hour
)

// fingerprint binds a rival's claims to the same state as ours.
func fingerprint() string {
	mac := hmac.New(sha256.New, secret())
	state := user()
	for _, field := range []string{
		"reset", state.UserID,
		state.PasswordHash.Reveal(), state.Email.Reveal(),
		state.Stamp.Reveal(),
	} {
		var length [4]byte
		binary.BigEndian.PutUint32(length[:], uint32(len(field)))
		mac.Write(length[:])
		mac.Write([]byte(field))
	}
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// handed is a fingerprint that was computed before: what golang-jwt alone
// costs.
func handed() func() string {
	ready := fingerprint()
	return func() string { return ready }
}

type golangJWTClaims struct {
	jwt.RegisteredClaims
	Fingerprint string `json:"fp"`
}

func newGolangJWT(name string, fingerprint func() string) (rival, error) {
	key := secret()
	issue := func(now time.Time) (string, error) {
		t := jwt.NewWithClaims(jwt.SigningMethodHS256, golangJWTClaims{
			RegisteredClaims: jwt.RegisteredClaims{
				Subject: userID, IssuedAt: jwt.NewNumericDate(now),
				ExpiresAt: jwt.NewNumericDate(now.Add(lifetime)),
			},
			Fingerprint: fingerprint(),
		})
		t.Header["kid"] = keyID
		t.Header["typ"] = "reset+jwt"
		return t.SignedString(key)
	}
	verify := func(raw string) error {
		var claims golangJWTClaims
		parsed, err := jwt.ParseWithClaims(raw, &claims, func(t *jwt.Token) (any, error) {
			if t.Header["kid"] != keyID {
				return nil, errors.New("unknown key")
			}
			return key, nil
		}, jwt.WithValidMethods([]string{"HS256"}),
			jwt.WithExpirationRequired(), jwt.WithIssuedAt())
		if err != nil {
			return err
		}
		if parsed.Header["typ"] != "reset+jwt" || claims.Subject != userID ||
			claims.Fingerprint != fingerprint() {
			return errors.New("other claims")
		}
		return nil
	}
	raw, err := issue(time.Now())
	if err != nil {
		return rival{}, err
	}
	expired, err := issue(time.Now().Add(-2 * lifetime))
	if err != nil {
		return rival{}, err
	}
	r := rival{
		name:   name,
		issue:  func() error { _, err := issue(time.Now()); return err },
		verify: func() error { return verify(raw) },
	}
	for _, bad := range []struct{ name, raw string }{
		{"1 MB of claims", raw[:strings.IndexByte(raw, '.')+1] + strings.Repeat("W1tdLF", 1<<20/6) + ".AAAA"},
		{"bad signature", badSignature(raw)},
		{"expired", expired},
	} {
		r.rejects = append(r.rejects,
			contender{name: "golang-jwt, " + bad.name, op: func() error {
				if verify(bad.raw) == nil {
					return errors.New("not rejected")
				}
				return nil
			}})
	}
	return r, nil
}

type otherClaims struct {
	Sub, Fp, Purpose string
	Iat, Exp         int64
}

func newClaims() otherClaims {
	now := time.Now()
	return otherClaims{
		Sub: userID, Fp: fingerprint(), Purpose: "reset", Iat: now.Unix(),
		Exp: now.Add(lifetime).Unix(),
	}
}

func (c otherClaims) check() error {
	if c.Sub != userID || c.Fp != fingerprint() || c.Purpose != "reset" ||
		time.Now().Unix() >= c.Exp {
		return errors.New("other claims")
	}
	return nil
}

func newSecurecookie() (rival, error) {
	codec := securecookie.New(secret(),
		nil).MaxAge(int(lifetime / time.Second)).SetSerializer(securecookie.JSONEncoder{})
	raw, err := codec.Encode("reset", newClaims())
	return rival{
		name: "securecookie, JSON",
		issue: func() error {
			_, err := codec.Encode("reset", newClaims())
			return err
		},
		verify: func() error {
			var c otherClaims
			if err := codec.Decode("reset", raw, &c); err != nil {
				return err
			}
			return c.check()
		},
	}, err
}

func newPaseto() (rival, error) {
	key, err := paseto.V4SymmetricKeyFromBytes(secret())
	if err != nil {
		return rival{}, err
	}
	issue := func() string {
		now := time.Now()
		t := paseto.NewToken()
		t.SetIssuedAt(now)
		t.SetExpiration(now.Add(lifetime))
		t.SetSubject(userID)
		t.SetString("purpose", "reset")
		t.SetString("fp", fingerprint())
		return t.V4Encrypt(key, nil)
	}
	raw := issue()
	return rival{
		name:  "go-paseto, v4.local",
		issue: func() error { issue(); return nil },
		verify: func() error {
			parser := paseto.NewParser()
			parser.AddRule(paseto.NotExpired(), paseto.Subject(userID))
			t, err := parser.ParseV4Local(key, raw, nil)
			if err != nil {
				return err
			}
			fp, err := t.GetString("fp")
			if err != nil {
				return err
			}
			purpose, err := t.GetString("purpose")
			if err != nil || fp != fingerprint() || purpose != "reset" {
				return errors.New("other claims")
			}
			return nil
		},
	}, nil
}

func newJose() (rival, error) {
	key := secret()
	issue := func() (string, error) {
		options := (&jose.SignerOptions{}).WithType("reset+jwt").WithHeader("kid",
			keyID)
		signer, err := jose.NewSigner(jose.SigningKey{
			Algorithm: jose.HS256,
			Key:       key,
		}, options)
		if err != nil {
			return "", err
		}
		now := time.Now()
		registered := josejwt.Claims{
			Subject: userID, IssuedAt: josejwt.NewNumericDate(now),
			Expiry: josejwt.NewNumericDate(now.Add(lifetime)),
		}
		return josejwt.Signed(signer).Claims(registered).Claims(map[string]any{"fp": fingerprint()}).Serialize()
	}
	raw, err := issue()
	if err != nil {
		return rival{}, fmt.Errorf("go-jose: %w", err)
	}
	return rival{
		name:  "go-jose",
		issue: func() error { _, err := issue(); return err },
		verify: func() error {
			t, err := josejwt.ParseSigned(raw,
				[]jose.SignatureAlgorithm{jose.HS256})
			if err != nil {
				return err
			}
			var registered josejwt.Claims
			var own struct {
				Fp string `json:"fp"`
			}
			if err := t.Claims(key, &registered, &own); err != nil {
				return err
			}
			if own.Fp != fingerprint() ||
				t.Headers[0].ExtraHeaders[jose.HeaderType] != "reset+jwt" {
				return errors.New("other claims")
			}
			return registered.ValidateWithLeeway(josejwt.Expected{
				Subject: userID,
				Time:    time.Now(),
			}, 0)
		},
	}, nil
}
