#!/usr/bin/env python3
"""Makes tokens and MACs as the package documentation describes them, with
Python's standard library and nothing of the Go code.

    python3 vectors.py vectors.json > vectors.json
    python3 vectors.py macs.json > macs.json
"""

import base64
import hashlib
import hmac
import json
import struct
import sys


def hkdf(secret, info):
    """RFC 5869 with SHA-256, no salt, 32 bytes: one block of output."""
    prk = hmac.new(b"\0" * 32, secret, hashlib.sha256).digest()
    return hmac.new(prk, info + b"\x01", hashlib.sha256).digest()


def field(text):
    data = text.encode("utf-8")
    return struct.pack(">I", len(data)) + data


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def json_string(text):
    """What JSON must escape, and the two line ends of old JavaScript."""
    out = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + out.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029") + '"'


def vector(name, secret=bytes.fromhex("9d4e8c0a7f3b5261e8d7c6b5a4938271605f4e3d2c1b0a99887766554433221f"),
           kid="2026-11", site="https://app.example", canonical_site=None, purpose="reset", user_id="42",
           password_hash="$2b$10$abcdefghijklmnopqrstuu5l1R0MGg6F3QFqm1ZjQYQ6vJH4Zr2Oi",
           email="ann@example.org", stamp="", issued_at=1795230000, lifetime=3600):
    canonical_site = canonical_site or site
    mac_key = hkdf(secret, b"lostkey token v1 mac" + field(canonical_site) + field(purpose))
    fp_key = hkdf(secret, b"lostkey token v1 fingerprint" + field(canonical_site))
    state = field(purpose) + field(user_id) + field(password_hash) + field(email) + field(stamp)
    fp = b64url(hmac.new(fp_key, state, hashlib.sha256).digest()[:16])
    header = '{"alg":"HS256","kid":"%s","typ":"%s+jwt"}' % (kid, purpose)
    claims = '{"exp":%d,"fp":"%s","iat":%d,"sub":%s}' % (issued_at + lifetime, fp, issued_at, json_string(user_id))
    signing = b64url(header.encode("ascii")) + "." + b64url(claims.encode("utf-8"))
    mac = hmac.new(mac_key, signing.encode("ascii"), hashlib.sha256).digest()
    return {
        "name": name,
        "secret": secret.hex(),
        "kid": kid,
        "site": site,
        "purpose": purpose,
        "user_id": user_id,
        "password_hash": password_hash,
        "email": email,
        "stamp": stamp,
        "issued_at": issued_at,
        "lifetime": lifetime,
        "mac_key": mac_key.hex(),
        "fingerprint_key": fp_key.hex(),
        "fingerprint": fp,
        "claims": claims,
        "token": signing + "." + b64url(mac),
        "id": b64url(hashlib.sha256(mac).digest()[:9]),
    }


def vectors():
    yield vector("a short id")
    yield vector("a UUID", user_id="5f0c9a3e-94c7-4c3a-8f0e-0a54d2b6b3a1",
                 password_hash="$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"
                               "QmFzZTY0T2ZUaGVUYWdPZjMyQnl0ZXNGb3JBbGxPZlVz")
    yield vector("an address as id", user_id="ann+news@example.org")
    yield vector("an id with quotes and backslashes", user_id='a"b\\c\\"d/e')
    yield vector("an id with markup", user_id="<script>&amp;'")
    yield vector("an id beyond ASCII", user_id="j\u00f6rg \u5c71\u7530 \U0001f511")
    yield vector("an id with the line ends of JavaScript", user_id="a\u2028b\u2029c\u202ad")
    yield vector("an id with a replacement character", user_id="a\ufffdb")
    yield vector("the longest id", user_id="x" * 255)
    yield vector("the longest id, all of it escaped", user_id='"' * 255)
    yield vector("a stamp", stamp="17")
    yield vector("no address", email="")
    yield vector("an address and a hash beyond ASCII", email="j\u00f6rg@b\u00fccher.example", password_hash="h\u00e4sh")
    yield vector("an invitation without a password", purpose="invite", password_hash="", lifetime=7 * 86400)
    yield vector("a purpose of one's own", purpose="email-change-2", email="new@example.org", lifetime=900)
    yield vector("a purpose of 32 characters", purpose="p" * 32)
    yield vector("a key id of 32 characters", kid="K.1_2-" + "k" * 26)
    yield vector("a secret of 64 bytes", secret=hashlib.sha512(b"vectors").digest())
    yield vector("a site with port and path", site="https://app.example:8443/tenant/a")
    yield vector("a site that is brought to its form", site="HTTPS://App.Example:443/", canonical_site="https://app.example")
    yield vector("a site on this machine", site="http://[::1]:8080", lifetime=1)
    yield vector("the longest life", lifetime=86400)
    yield vector("early in the epoch", issued_at=1)
    for size in (3, 55, 56, 63, 64, 119, 120, 440, 441, 448, 512, 513, 1024, 4096):
        yield vector("a hash of %d bytes" % size, password_hash="h" * size)


def mac(name, secrets=(bytes.fromhex("9d4e8c0a7f3b5261e8d7c6b5a4938271605f4e3d2c1b0a99887766554433221f"),),
        site="https://app.example", canonical_site=None, label="jobs", message=b"message"):
    """A key ring of one or more secrets; the first one sums."""
    info = b"lostkey token v1 derived" + field(canonical_site or site) + field(label)
    keys = [hkdf(secret, info) for secret in secrets]
    return {
        "name": name,
        "secrets": [secret.hex() for secret in secrets],
        "site": site,
        "label": label,
        "message": message.hex(),
        "keys": [key.hex() for key in keys],
        "sums": [hmac.new(key, message, hashlib.sha256).hexdigest() for key in keys],
    }


def macs():
    yield mac("a short message")
    yield mac("no message", message=b"")
    yield mac("bytes that are no text", message=bytes(range(256)))
    yield mac("a short label", label="l")
    yield mac("a label of 32 characters", label="l" * 32)
    yield mac("the name of a purpose", label="reset")
    yield mac("a secret of 64 bytes", secrets=(hashlib.sha512(b"vectors").digest(),))
    yield mac("a site with port and path", site="https://app.example:8443/tenant/a")
    yield mac("a site that is brought to its form", site="HTTPS://App.Example:443/", canonical_site="https://app.example")
    yield mac("three keys", secrets=tuple(hashlib.sha256(b"%d" % n).digest() for n in range(3)))
    for size in (55, 56, 63, 64, 119, 120, 511, 512, 513, 1024, 4096):
        yield mac("a message of %d bytes" % size, message=b"m" * size)


if __name__ == "__main__":
    made = {"vectors.json": vectors, "macs.json": macs}[sys.argv[1]]
    json.dump(list(made()), sys.stdout, indent=1, ensure_ascii=True)
    print()
