package token_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lostkey-go/lostkey/token"
)

// claimAttacks have our header and a good MAC, as from a host that signs other
// things with the same key, or from a fault of ours. Only the claims are not
// what Issue writes.
func claimAttacks(v victim) []attack {
	names := strings.NewReplacer(v.state.UserID, "ID", v.fingerprint, "FP",
		fmt.Sprint(v.exp), "EXP", fmt.Sprint(v.iat), "IAT")

	var all []attack
	seen := map[string]bool{v.claims(): true}
	for _, payload := range payloads(v) {
		if seen[payload] {
			continue
		}
		seen[payload] = true
		all = append(all, attack{
			family: "claims",
			name:   abridged(names.Replace(payload)),
			raw:    v.sealed(payload),
			want:   token.ReasonMalformed,
		})
	}
	return all
}

func payloads(v victim) []string {
	var all []string
	for i := range members(v) {
		all = append(all, memberPayloads(v, i)...)
	}
	all = append(all, numberPayloads(v, 0, v.exp)...)
	all = append(all, numberPayloads(v, 2, v.iat)...)
	all = append(all, permutations(members(v))...)
	all = append(all, additionPayloads(v)...)
	all = append(all, idPayloads(v)...)
	all = append(all, fingerprintPayloads(v)...)
	return append(all, wholePayloads(v)...)
}

// members are those of the claims, in their order.
func members(v victim) []string {
	return []string{
		fmt.Sprintf(`"exp":%d`, v.exp),
		`"fp":"` + v.fingerprint + `"`,
		fmt.Sprintf(`"iat":%d`, v.iat),
		`"sub":"` + v.state.UserID + `"`,
	}
}

func object(members ...string) string {
	return "{" + strings.Join(members, ",") + "}"
}

// with returns the claims with another member in place of number i.
func with(v victim, i int, member string) string {
	all := members(v)
	all[i] = member
	return object(all...)
}

// plus returns the claims with one member more, at the end.
func plus(v victim, member string) string {
	return object(append(members(v), member)...)
}

// memberPayloads leave out, repeat, rename and respell one member.
func memberPayloads(v victim, i int) []string {
	member := members(v)[i]
	quoted, value, _ := strings.Cut(member, ":")
	name := strings.Trim(quoted, `"`)

	all := []string{
		object(slices.Delete(members(v), i, i+1)...),
		object(slices.Insert(members(v), 0, member)...),
		plus(v, member),
	}
	for _, other := range []string{
		`null`, `true`, `false`, `[]`, `{}`, `""`, `" "`, `"x"`, `"null"`,
		`[` + value + `]`,
	} {
		if name == "sub" && len(other) > 2 && other[0] == '"' {
			continue // that is somebody's id
		}
		all = append(all, with(v, i, quoted+":"+other))
	}

	for _, other := range []string{
		strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:],
		" " + name, name + " ", fmt.Sprintf(`\u00%x`, name[0]) + name[1:],
	} {
		renamed := `"` + other + `":` + value
		all = append(all, with(v, i, renamed), plus(v, renamed))
	}
	return append(all,
		with(v, i, ` `+member),
		with(v, i, member+` `),
		with(v, i, strings.Replace(member, ":", ": ", 1)),
		with(v, i, "\n"+member),
	)
}

// numberPayloads write a time in other ways, and write no time.
func numberPayloads(v victim, i int, n int64) []string {
	name, _, _ := strings.Cut(members(v)[i], ":")
	values := []string{
		fmt.Sprintf(`"%d"`, n), fmt.Sprintf("%d.0", n),
		fmt.Sprintf("%d.5", n), fmt.Sprintf("%de0", n),
		fmt.Sprintf("%d.0e0", n), fmt.Sprintf("0%d", n),
		fmt.Sprintf("000000%d", n), fmt.Sprintf("+%d", n),
		fmt.Sprintf("-%d", n), fmt.Sprintf("0x%x", n),
		fmt.Sprintf("%dn", n), fmt.Sprintf("%d ", n),
		fmt.Sprintf("%d_000", n/1000), fmt.Sprintf("\u0661%d", n%1000000000),
		"-1", "-0", "00", "1e9", "1.79523e9", "1E10", "1000000000000",
		"9223372036854775807", "9223372036854775808", "18446744073709551616",
		"1e308", "1e309", "NaN", "Infinity", "", "1,2",
	}

	var all []string
	for _, value := range values {
		all = append(all, with(v, i, name+":"+value))
	}

	return all
}

func permutations(members []string) []string {
	var all []string
	var place func(order, rest []string)
	place = func(order, rest []string) {
		if len(rest) == 0 {
			all = append(all, object(order...))
		}
		for i, member := range rest {
			place(append(slices.Clone(order), member),
				slices.Delete(slices.Clone(rest), i, i+1))
		}
	}
	place(nil, members)
	return all
}

// additionPayloads have a member that Issue does not write.
func additionPayloads(v victim) []string {
	var all []string
	for _, member := range []string{
		`"nbf":1795230000`, `"jti":"x"`, `"aud":"x"`, `"aud":["x"]`,
		`"iss":"` + site + `"`, `"email":"ann@example.org"`, `"admin":true`,
		`"pwf":"x"`, `"typ":"reset"`, `"":0`, `"__proto__":{}`,
		`"x":` + repeat("[", 200) + repeat("]", 200),
	} {
		all = append(all, plus(v, member),
			object(slices.Insert(members(v), 0, member)...))
	}
	return all
}

func idPayloads(v victim) []string {
	id := v.state.UserID
	var all []string
	for _, value := range []string{
		``, `\u0035` + id[1:], id + `\u0000`, id + "\x00", id + "\n",
		id + "\x7f", id + "\u0085", id + "\xff", id + "\xc0\xaf",
		id + "\xed\xa0\x80", id + `\ud800`, id + `\ufffd`, id + `\/`,
		id + "\u2028", id + "\u2029", id + `\u2028\u000A`, id + `\u00e9`,
		id + `\t`, id + `\"\u0022`, id + `\`, id + `\x41`, id + `"`, `a"b`,
		repeat("a", 256), repeat("é", 128), repeat(`\"`, 256),
	} {
		all = append(all, with(v, 3, `"sub":"`+value+`"`))
	}
	return all
}

func fingerprintPayloads(v victim) []string {
	fp := v.fingerprint
	var all []string
	for _, value := range []string{
		fp[:21], fp + "A", fp + "==", "", fp[:11], repeat("A", 43),
		`\u0041` + fp[1:], repeat("*", 22), fp[:21] + nextChar(fp[21]),
		fp[:20] + "\n" + fp[21:], fp[:21] + "\n", fp[:20] + "==",
		repeat("+", 21) + "w", fp[:19] + `"00`, "\xff" + fp[1:],
	} {
		all = append(all, with(v, 1, `"fp":"`+value+`"`))
	}
	return all
}

// wholePayloads are not a single JSON object, or not in our form.
func wholePayloads(v victim) []string {
	whole := v.claims()
	return []string{
		"", " ", "{}", "[]", "null", "0", `""`, "true", "[" + whole + "]",
		`"` + whole + `"`, whole + whole, whole + " ", " " + whole,
		whole + "\n", whole + "\x00", whole + "{}", whole + ",",
		whole[:len(whole)-1], whole[1:], "\ufeff" + whole,
		strings.ReplaceAll(whole, `"`, `'`),
		strings.ReplaceAll(whole, ",", ", "),
		strings.ReplaceAll(whole, ",", ";"),
		strings.ReplaceAll(whole, ",", ",,"),
		strings.TrimSuffix(whole, "}") + ",}",
		utf16Text(whole, 0, 8), strings.ToUpper(whole),
		"exp=" + fmt.Sprint(v.exp) + "&sub=" + v.state.UserID,
		repeat("[", 300) + repeat("]", 300), `{"a":` + whole + `}`,
	}
}

// nextChar returns the character after c in the alphabet of base64url. At the
// end of a text it differs in the spare bits alone.
func nextChar(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" +
		"abcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, c)+1])
}

// timeAttacks are in our form and well signed, but no Signer with these bounds
// has issued them now.
func timeAttacks(v victim) []attack {
	const hour, day = 3600, 86400
	now := v.iat
	var all []attack
	for _, tt := range []struct {
		name     string
		exp, iat int64
		want     token.Reason
	}{
		{"expires now", now, now - hour, token.ReasonExpired},
		{"expired a second ago", now - 1, now - hour, token.ReasonExpired},
		{
			"expired a year ago",
			now - 365*day, now - 365*day - hour, token.ReasonExpired,
		},
		{"exp is zero", 0, now, token.ReasonExpired},
		{"exp and iat are zero", 0, 0, token.ReasonExpired},
		{"exp before iat, both past", now - 20, now - 10, token.ReasonExpired},
		{"exp and iat are now", now, now, token.ReasonExpired},
		{"issued in a second", now + hour, now + 1, token.ReasonNotYetValid},
		{
			"issued in a year",
			now + 366*day, now + 365*day, token.ReasonNotYetValid,
		},
		{
			"exp before iat, both to come",
			now + 10, now + 20, token.ReasonNotYetValid,
		},
		{
			"a second over the maximum",
			now + day + 1, now, token.ReasonTooLongLived,
		},
		{
			"a second over the maximum, issued before",
			now + day - 99, now - 100, token.ReasonTooLongLived,
		},
		{"a hundred years", now + 36500*day, now, token.ReasonTooLongLived},
		{"issued at zero", now + hour, 0, token.ReasonTooLongLived},
		{"the largest time", 999999999999, now, token.ReasonTooLongLived},
	} {
		claims := v.claimsWith(tt.exp, tt.iat, v.fingerprint, v.state.UserID)
		all = append(all, attack{
			family: "time", name: tt.name, raw: v.sealed(claims), want: tt.want,
		})
	}
	return all
}
