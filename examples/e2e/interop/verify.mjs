// Reads {secret, site, purpose, kid, token, claims} from standard input, checks the token with jose, makes one
// out of the claims, and prints {header, payload, refused, token}.
import { hkdfSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { SignJWT, jwtVerify } from 'jose'

const field = (text) => {
  const data = Buffer.from(text, 'utf8')
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  return Buffer.concat([length, data])
}

const input = JSON.parse(readFileSync(0, 'utf8'))
const info = Buffer.concat([Buffer.from('lostkey token v1 mac'), field(input.site), field(input.purpose)])
const key = new Uint8Array(hkdfSync('sha256', Buffer.from(input.secret, 'hex'), Buffer.alloc(0), info, 32))
const options = { algorithms: ['HS256'], typ: input.purpose + '+jwt', requiredClaims: ['exp', 'iat', 'sub', 'fp'] }

const { payload, protectedHeader } = await jwtVerify(input.token, key, options)

const refused = []
const [header, , signature] = input.token.split('.')
const forged = Buffer.from(JSON.stringify({ ...payload, sub: 'mallory' })).toString('base64url')
for (const [name, token, secret] of [
  ['other claims', header + '.' + forged + '.' + signature, key],
  ['other key', input.token, key.map((b) => b ^ 1)],
]) {
  try {
    await jwtVerify(token, secret, options)
  } catch (error) {
    refused.push(name + ': ' + error.code)
  }
}

const { exp, fp, iat, sub } = input.claims
const token = await new SignJWT({ exp, fp, iat, sub })
  .setProtectedHeader({ alg: 'HS256', kid: input.kid, typ: input.purpose + '+jwt' })
  .sign(key)
console.log(JSON.stringify({ header: protectedHeader, payload, refused, token }))
