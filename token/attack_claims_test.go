package token_test

import (
	"fmt"
	"strings"

	"github.com/lostkey-go/lostkey/token"
)

// claimAttacks have our header and a good MAC, as from a host that signs other
// things with the same key, or from a bug of ours: only the claims are not
// what Issue writes.
func claimAttacks(v victim) []attack {
	var all []attack
	seen := map[string]bool{v.claims(): true}
	for _, payload := range payloads(v) {
		if seen[payload] {
			continue
		}
		seen[payload] = true
		name := strings.NewReplacer(v.state.UserID, "ID", v.fingerprint, "FP", fmt.Sprint(v.exp), "EXP", fmt.Sprint(v.iat), "IAT").Replace(payload)
		all = append(all, attack{family: "claims", name: abridged(name), raw: v.sealed(payload), want: token.ReasonMalformed})
	}
	return all
}

func payloads(v victim) []string {
	exp, fp := fmt.Sprintf(`"exp":%d`, v.exp), `"fp":"`+v.fingerprint+`"`
	iat, sub := fmt.Sprintf(`"iat":%d`, v.iat), `"sub":"`+v.state.UserID+`"`
	canonical := []string{exp, fp, iat, sub}
	names := []string{"exp", "fp", "iat", "sub"}
	join := func(members ...string) string { return "{" + strings.Join(members, ",") + "}" }
	with := func(i int, member string) string {
		members := append([]string(nil), canonical...)
		members[i] = member
		return join(members...)
	}
	var all []string
	for i := range canonical {
		rest := append(append([]string(nil), canonical[:i]...), canonical[i+1:]...)
		all = append(all, join(rest...), join(append([]string{canonical[i]}, canonical...)...), join(append(append([]string(nil), canonical...), canonical[i])...))
		for _, value := range []string{`null`, `true`, `false`, `[]`, `{}`, `""`, `" "`, `"x"`, `"null"`, `[` + canonical[i][len(names[i])+3:] + `]`} {
			if i == 3 && len(value) > 2 && value[0] == '"' {
				continue // that is somebody's id
			}
			all = append(all, with(i, `"`+names[i]+`":`+value))
		}
		for _, name := range []string{strings.ToUpper(names[i]), strings.Title(names[i]), " " + names[i], names[i] + " ", `\u00` + fmt.Sprintf("%x", names[i][0]) + names[i][1:]} { //nolint:staticcheck // ASCII
			member := `"` + name + canonical[i][len(names[i])+1:]
			all = append(all, with(i, member), join(append(append([]string(nil), canonical...), member)...))
		}
		all = append(all, with(i, ` `+canonical[i]), with(i, canonical[i]+` `), with(i, strings.Replace(canonical[i], ":", ": ", 1)), with(i, "\n"+canonical[i]))
	}
	for _, i := range []int{0, 2} {
		n := v.exp
		if i == 2 {
			n = v.iat
		}
		for _, value := range []string{
			fmt.Sprintf(`"%d"`, n), fmt.Sprintf("%d.0", n), fmt.Sprintf("%d.5", n), fmt.Sprintf("%de0", n), fmt.Sprintf("%d.0e0", n), fmt.Sprintf("0%d", n), fmt.Sprintf("000000%d", n),
			fmt.Sprintf("+%d", n), fmt.Sprintf("-%d", n), fmt.Sprintf("0x%x", n), fmt.Sprintf("%dn", n), fmt.Sprintf("%d ", n), fmt.Sprintf("%d_000", n/1000), fmt.Sprintf("\u0661%d", n%1000000000),
			"-1", "-0", "00", "1e9", "1.79523e9", "1E10", "1000000000000", "9223372036854775807", "9223372036854775808", "18446744073709551616", "1e308", "1e309", "NaN", "Infinity", "", "1,2",
		} {
			all = append(all, with(i, `"`+names[i]+`":`+value))
		}
	}
	all = append(all, permutations(canonical)...)
	for _, member := range []string{
		`"nbf":1795230000`, `"jti":"x"`, `"aud":"x"`, `"aud":["x"]`, `"iss":"` + site + `"`, `"email":"ann@example.org"`, `"admin":true`, `"pwf":"x"`, `"typ":"reset"`, `"":0`, `"__proto__":{}`, `"x":` + repeat("[", 200) + repeat("]", 200),
	} {
		all = append(all, join(append(append([]string(nil), canonical...), member)...), join(append([]string{member}, canonical...)...))
	}
	for _, value := range []string{
		``, `\u0035` + v.state.UserID[1:], v.state.UserID + `\u0000`, v.state.UserID + "\x00", v.state.UserID + "\n", v.state.UserID + "\x7f", v.state.UserID + "\u0085", v.state.UserID + "\xff", v.state.UserID + "\xc0\xaf",
		v.state.UserID + "\xed\xa0\x80", v.state.UserID + `\ud800`, v.state.UserID + `\ufffd`, v.state.UserID + `\/`, v.state.UserID + "\u2028", v.state.UserID + "\u2029", v.state.UserID + `\u2028\u000A`,
		v.state.UserID + `\u00e9`, v.state.UserID + `\t`, v.state.UserID + `\"\u0022`, v.state.UserID + `\`, v.state.UserID + `\x41`, v.state.UserID + `"`, `a"b`, repeat("a", 256), repeat("é", 128), repeat(`\"`, 256),
	} {
		all = append(all, with(3, `"sub":"`+value+`"`))
	}
	for _, value := range []string{
		v.fingerprint[:21], v.fingerprint + "A", v.fingerprint + "==", "", v.fingerprint[:11], repeat("A", 43), `\u0041` + v.fingerprint[1:], repeat("*", 22),
		v.fingerprint[:21] + spare(v.fingerprint[21]), v.fingerprint[:20] + "\n" + v.fingerprint[21:], v.fingerprint[:21] + "\n", v.fingerprint[:20] + "==", repeat("+", 21) + "w", v.fingerprint[:19] + `"00`, "\xff" + v.fingerprint[1:],
	} {
		all = append(all, with(1, `"fp":"`+value+`"`))
	}
	whole := v.claims()
	return append(all,
		"", " ", "{}", "[]", "null", "0", `""`, "true", "["+whole+"]", `"`+whole+`"`, whole+whole, whole+" ", " "+whole, whole+"\n", whole+"\x00", whole+"{}", whole+",", whole[:len(whole)-1], whole[1:],
		"\ufeff"+whole, strings.ReplaceAll(whole, `"`, `'`), strings.ReplaceAll(whole, ",", ", "), strings.ReplaceAll(whole, ",", ";"), strings.ReplaceAll(whole, ",", ",,"), strings.TrimSuffix(whole, "}")+",}",
		utf16Text(whole, 0, 8), strings.ToUpper(whole), "exp="+fmt.Sprint(v.exp)+"&sub="+v.state.UserID, repeat("[", 300)+repeat("]", 300), `{"a":`+whole+`}`,
	)
}

// spare returns the next character that has the same two significant bits.
func spare(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, c)+1])
}

func permutations(members []string) []string {
	var all []string
	var place func(order, left []string)
	place = func(order, left []string) {
		if len(left) == 0 {
			all = append(all, "{"+strings.Join(order, ",")+"}")
		}
		for i := range left {
			rest := append(append([]string(nil), left[:i]...), left[i+1:]...)
			place(append(append([]string(nil), order...), left[i]), rest)
		}
	}
	place(nil, members)
	return all
}

// timeAttacks are canonical and well signed, but no Signer with these bounds
// issued them now.
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
		{"expired a year ago", now - 365*day, now - 365*day - hour, token.ReasonExpired},
		{"exp is zero", 0, now, token.ReasonExpired},
		{"exp and iat are zero", 0, 0, token.ReasonExpired},
		{"exp before iat, both past", now - 20, now - 10, token.ReasonExpired},
		{"exp and iat are now", now, now, token.ReasonExpired},
		{"issued in a second", now + hour, now + 1, token.ReasonNotYetValid},
		{"issued in a year", now + 366*day, now + 365*day, token.ReasonNotYetValid},
		{"exp before iat, both to come", now + 10, now + 20, token.ReasonNotYetValid},
		{"a second over the maximum", now + day + 1, now, token.ReasonTooLongLived},
		{"a second over the maximum, issued before", now + day - 99, now - 100, token.ReasonTooLongLived},
		{"a hundred years", now + 36500*day, now, token.ReasonTooLongLived},
		{"issued at zero", now + hour, 0, token.ReasonTooLongLived},
		{"the largest time", 999999999999, now, token.ReasonTooLongLived},
	} {
		all = append(all, attack{family: "time", name: tt.name, raw: v.sealed(v.claimsWith(tt.exp, tt.iat, v.fingerprint, v.state.UserID)), want: tt.want})
	}
	return all
}
