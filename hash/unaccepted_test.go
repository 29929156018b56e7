package hash_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/hash/legacy"
	"github.com/lostkey-go/lostkey/hash/normalize"
	"github.com/stretchr/testify/require"
)

// presets are what errors may name, and one preset may be named beside another.
func presets(t *testing.T) map[string][]hash.Scheme {
	t.Helper()
	node, err := legacy.NodeScrypt(legacy.NodeScryptConfig{})
	require.NoError(t, err)

	return map[string][]hash.Scheme{
		"hash.Modern()":                   hash.Modern(),
		"legacy.Django()":                 legacy.Django(),
		"legacy.Flask()":                  legacy.Flask(),
		"legacy.Passlib()":                legacy.Passlib(),
		"legacy.Unix()":                   legacy.Unix(),
		"legacy.CryptScrypt()":            legacy.CryptScrypt(),
		"legacy.OtherArgon2()":            legacy.OtherArgon2(),
		"legacy.WordPress()":              legacy.WordPress(),
		"legacy.Drupal()":                 legacy.Drupal(),
		"legacy.Spring()":                 legacy.Spring(),
		"legacy.ASPNET()":                 legacy.ASPNET(),
		"legacy.BetterAuth":               legacy.BetterAuth(normalize.NFKC),
		"legacy.NodeScrypt":               node,
		"legacy.InsecureMD5Crypt()":       legacy.InsecureMD5Crypt(),
		"legacy.InsecureLDAP()":           legacy.InsecureLDAP(),
		"legacy.InsecureDjangoMD5()":      legacy.InsecureDjangoMD5(),
		"legacy.InsecureDjangoSHA1()":     legacy.InsecureDjangoSHA1(),
		"legacy.InsecureBareMD5()":        legacy.InsecureBareMD5(),
		"legacy.InsecureWerkzeugMD5()":    legacy.InsecureWerkzeugMD5(),
		"legacy.InsecureWerkzeugSHA1()":   legacy.InsecureWerkzeugSHA1(),
		"legacy.InsecureWerkzeugSHA256()": legacy.InsecureWerkzeugSHA256(),
	}
}

func TestEveryForeignRowIsReadOrItsErrorNamesAPresetThatClaimsIt(t *testing.T) {
	t.Parallel()
	h, known := modern(t), presets(t)
	named := make(map[string]bool)

	for _, v := range vectors(t) {
		_, err := h.Inspect(v.stored)
		if !errors.Is(err, hash.ErrUnknownFormat) {
			continue
		}
		if strings.HasPrefix(v.reader, "spring:") ||
			v.scheme == "!unknown" || v.scheme == "!unsupported" {
			continue // No preset reads it, or only one that was configured.
		}

		var refused *hash.FormatError
		require.ErrorAs(t, err, &refused, v.stored)
		for preset := range strings.SplitSeq(refused.Preset, " or ") {
			named[preset] = true
			claimed := slices.ContainsFunc(
				known[preset],
				func(s hash.Scheme) bool { return s.Identify(v.stored) },
			)
			require.True(t, claimed, "%s %s", preset, v.stored)
		}
		require.ErrorContains(t, err, " is not accepted; "+refused.Preset)
		require.NotContains(t, err.Error(), v.stored)
	}

	delete(known, "hash.Modern()")
	for preset := range known {
		require.True(t, named[preset], "no row was sent to %s", preset)
	}
}

func TestTheErrorForARowOfAnotherFrameworkSaysWhatToDo(t *testing.T) {
	t.Parallel()
	const row = "pbkdf2_sha256$20000$WnNnQUvE1ZM3$" +
		"WO9K3ioODziUWar6U0lNAlaRHyYHJxGSXUkuFJL91RE="
	_, err := modern(t).Verify(t.Context(), phrase, row)
	require.ErrorIs(t, err, hash.ErrUnknownFormat)
	require.EqualError(
		t, err, "hash: pbkdf2_sha256 is not accepted; legacy.Django() reads it",
	)

	// What is accepted by default may be missing where a preset is named.
	h := insecure(t, hash.Config{Accept: legacy.Django()})
	_, err = h.Inspect("$2b$10$" + bc53)
	require.EqualError(
		t, err, "hash: bcrypt is not accepted; hash.Modern() reads it",
	)
}

func TestAcceptNilReadsTheModernFormatsAlone(t *testing.T) {
	t.Parallel()
	h := modern(t)
	read := make(map[string]bool)
	for _, v := range onePerScheme(t) {
		if info, err := h.Inspect(v.stored); err == nil {
			read[info.Scheme] = true
		} else {
			require.ErrorIs(t, err, hash.ErrUnknownFormat, v.stored)
		}
	}

	require.Equal(t, map[string]bool{
		"argon2id": true, "argon2i": true, "bcrypt": true, "scrypt": true,
		"pbkdf2-sha1": true, "pbkdf2-sha256": true, "pbkdf2-sha512": true,
	}, read)
}

// Nobody should have to guess why rows of these cannot log in.
func TestFormatsThatWereNotAcceptedAreNamed(t *testing.T) {
	t.Parallel()
	const digest = "l9I6B2BsTYkRorT2/n8PYQ$pwJsn1AotaPU7ABfRGsjkQ"
	h := modern(t)

	for stored, name := range map[string]string{
		"$1$abcdefgh$4/U5.w6NPtLkJ2WyrTwm91":    "md5-crypt",
		"$apr1$fGfmfbuv$wUw1NzJqTmPG38AkhU9fN.": "apr1",
		"$7$C6..../....SodiumChloride$" +
			"kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D": "scrypt-crypt",
		"$y$j9T$RsqIWvVJUgZbnOBah1JEc/$" +
			"dsuChvN6DaOu4BgHlc96yLrB7YbepRGoxt8Kgt.zAr5": "yescrypt",
		"$gy$j9T$RsqIWvVJUgZbnOBah1JEc/$" +
			"dsuChvN6DaOu4BgHlc96yLrB7YbepRGoxt8Kgt.zAr5": "gost-yescrypt",
		"$sha1$48000$stcKzMJo$xeiFe/IrhSDG38NgXWODC.BO4/Q.": "sha1-crypt",

		"$S$DeGLbw.lhnnmGdFyMFM.wsMnIs9IEkHpOUeRDfDbfw8yCdFZMzzn":  "drupal",
		"U$S$9exBM2tkWrlPMxbTy1DtFu1HtV.GjYQFRLUfXfMIeDmr3dP2TFQE": "drupal",
		"{SSHA}9KDjHHZ0+l6o33onu7kRBPsodJG1FsK4":                   "ldap-ssha",
		"{SMD5}jNoSMNY0cybfuBWiaGlFw3Mfi/U=":                       "ldap-smd5",

		"{SSHA256}" + strings.Repeat("A", 44):     "ldap-ssha256",
		"{SSHA512}" + strings.Repeat("A", 92):     "ldap-ssha512",
		"$argon2d$v=19$m=1024,t=2,p=2$" + digest:  "argon2-other",
		"$argon2id$v=16$m=1024,t=2,p=2$" + digest: "argon2-other",
		"$argon2i$m=1024,t=2,p=2$" + digest:       "argon2-other",

		"plain text": "", "$8$unheard-of": "", "{whirlpool}abc": "",
		"xx1LtbDbOY4/E": "",
	} {
		require.False(t, hash.IsUnusable(stored), stored)
		_, err := h.Verify(t.Context(), phrase, stored)
		if name == "" {
			require.Equal(t, hash.ErrUnknownFormat, err, stored)
			continue
		}

		var named *hash.FormatError
		require.ErrorAs(t, err, &named, stored)
		require.Equal(t, name, named.Scheme)
		require.Contains(t, err.Error(), name)
		require.NotContains(t, err.Error(), stored[8:])
		require.ErrorIs(t, err, hash.ErrUnknownFormat, stored)
	}
}

func TestASchemeOfTheApplicationsOwnComesFirst(t *testing.T) {
	t.Parallel()
	own := insecure(t, hash.Config{Accept: []hash.Scheme{&claimsAll{}}})
	res, err := own.Verify(
		t.Context(), "good", "$1$abcdefgh$4/U5.w6NPtLkJ2WyrTwm91",
	)
	require.NoError(t, err)
	require.True(t, res.OK)
}
