// Prints rows of the vector file with npm packages, or checks ours ("check").
// Run it where node_modules has the packages of package.json.
import { randomBytes, scryptSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import bcrypt from 'bcrypt';
import bcryptjs from 'bcryptjs';
import * as nodeRs from '@node-rs/argon2';
import { hashPassword } from '@better-auth/utils/password';
import asp from 'asp-identity-pw';

const file = JSON.parse(readFileSync(new URL('./package.json', import.meta.url)));
const pinned = { ...file.dependencies, ...file.optionalDependencies };
// Built in place where it brings no binary for this version of node, which needs a compiler and node's headers.
const argon2 = await import('argon2').then((m) => m.default, () => console.error('make.mjs: no argon2, its rows are left out'));
const tool = (name) => `${name} ${pinned[name]} (npm)`;
const phrase = 'correct horse battery staple';
const accents = 'p\u00e4ssw\u00f6rd\u2713';
const row = (reader, scheme, by, detail, password, stored) =>
  console.log([reader, scheme, by, detail, JSON.stringify(password), stored].join('\t'));

if (process.argv[2] === 'check') {
  for (const line of readFileSync(0, 'utf8').trim().split('\n')) {
    const [kind, text, stored] = line.split('\t');
    if (kind === 'pbkdf2-sha256') continue;
    const password = JSON.parse(text);
    if (kind === 'argon2id' && !argon2) continue;
    const verify = kind === 'bcrypt' ? (p) => bcrypt.compare(p, stored) : (p) => argon2.verify(stored, p);
    if (!(await verify(password)) || (await verify(password + 'x'))) {
      console.error(`node refuses our ${kind}`);
      process.exit(1);
    }
  }
  console.log(`${argon2 ? tool('argon2') + ' and ' : ''}${tool('bcrypt')} agree`);
  process.exit(0);
}

row('all', 'bcrypt', tool('bcrypt'), 'rounds 10', phrase, await bcrypt.hash(phrase, 10));
row('all', 'bcrypt', tool('bcryptjs'), 'rounds 10', phrase, await bcryptjs.hash(phrase, 10));
row('all', 'bcrypt', tool('bcryptjs'), 'rounds 4', accents, await bcryptjs.hash(accents, 4));
row('all', '!wrong', tool('bcrypt'), 'made from "ab\\0cd"', 'ab', await bcrypt.hash('ab\0cd', 4));
row('all', '!wrong', tool('bcrypt'), 'NUL is never let into bcrypt', 'ab\0cd', await bcrypt.hash('ab\0cd', 4));
if (argon2) {
  row('all', 'argon2id', tool('argon2'), 'default, written m,p,t', phrase, await argon2.hash(phrase));
  row('all', 'argon2id', tool('argon2'), 'small, written m,p,t', accents, await argon2.hash(accents, { memoryCost: 1024, timeCost: 2, parallelism: 1 }));
  row('all', '!unsupported', tool('argon2'), 'associatedData', phrase, await argon2.hash(phrase, { associatedData: Buffer.from('ad1') }));
  row('all', '!wrong', tool('argon2'), 'made with a secret that the string does not name', phrase, await argon2.hash(phrase, { secret: Buffer.from('pepper-secret-1') }));
}
row('all', 'argon2id', tool('@node-rs/argon2'), 'default', phrase, await nodeRs.hash(phrase));
row('better-auth', 'better-auth', tool('@better-auth/utils'), 'hashPassword', phrase, await hashPassword(phrase));
row('better-auth', 'better-auth', tool('@better-auth/utils'), 'NFKC of full-width letters', '\uff21bc\ufb01sh', await hashPassword('\uff21bc\ufb01sh'));
row('better-auth', 'better-auth', tool('@better-auth/utils'), 'NFKC, typed plainly', 'Abcfish', await hashPassword('\uff21bc\ufb01sh'));
row('all', 'better-auth', tool('@better-auth/utils'), 'ASCII needs no form', phrase, await hashPassword(phrase));
row('all', 'aspnet-v2', tool('asp-identity-pw'), 'v2', phrase, asp.hashIdentityPasswordV2(phrase));
row('all', 'aspnet-v3', tool('asp-identity-pw'), 'v3', phrase, asp.hashIdentityPasswordV3(phrase));
row('all', 'aspnet-v3', tool('asp-identity-pw'), 'v3', accents, asp.hashIdentityPasswordV3(accents));

const salt = randomBytes(16);
const node = `node ${process.versions.node}`;
row('node-scrypt', 'node-scrypt', node, 'crypto.scryptSync, salt as bytes', phrase, `${salt.toString('hex')}:${scryptSync(phrase, salt, 64).toString('hex')}`);
row('node-scrypt-text', 'node-scrypt', node, 'crypto.scryptSync, salt as text', phrase, `${salt.toString('hex')}:${scryptSync(phrase, salt.toString('hex'), 64).toString('hex')}`);
