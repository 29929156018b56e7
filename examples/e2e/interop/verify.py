"""Reads {secret, site, purpose, token} from standard input, checks the token
with PyJWT, and prints {header, payload, refused}."""

import hashlib
import hmac
import json
import struct
import sys

import jwt


def field(text):
    data = text.encode("utf-8")
    return struct.pack(">I", len(data)) + data


def hkdf(secret, info):
    prk = hmac.new(b"\0" * 32, secret, hashlib.sha256).digest()
    return hmac.new(prk, info + b"\x01", hashlib.sha256).digest()


def main():
    given = json.load(sys.stdin)
    info = b"lostkey token v1 mac" + field(given["site"]) + field(given["purpose"])
    key = hkdf(bytes.fromhex(given["secret"]), info)
    options = {"require": ["exp", "iat", "sub"]}
    payload = jwt.decode(given["token"], key, algorithms=["HS256"], options=options)
    refused = []
    header, claims, signature = given["token"].split(".")
    for name, token, other in (
        ("other claims", header + "." + claims[:-2] + "AA." + signature, key),
        ("other key", given["token"], bytes(b ^ 1 for b in key)),
    ):
        try:
            jwt.decode(token, other, algorithms=["HS256"], options=options)
        except jwt.InvalidSignatureError:
            refused.append(name)
    print(json.dumps({"header": jwt.get_unverified_header(given["token"]), "payload": payload, "refused": refused}))


main()
