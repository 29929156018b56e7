"""Prints rows of the vector file with the Python tools, or checks ours.

make.py          rows of passlib, Django, Werkzeug, Flask-Bcrypt, Flask-Security
make.py check    reads "kind TAB JSON password TAB stored" lines and verifies
                 each with a Python library; exits 1 at the first refusal
"""

import importlib.metadata as metadata
import json
import sys
import warnings

warnings.filterwarnings("ignore")

PHRASE = "correct horse battery staple"
ACCENTS = "p\u00e4ssw\u00f6rd\u2713"


def version(dist):
    return f"{dist} {metadata.version(dist)}"


def row(reader, scheme, tool, detail, password, stored):
    print("\t".join([reader, scheme, tool, detail, json.dumps(password), stored]))


def passlib_rows():
    from passlib import hash as h

    tool = version("passlib")

    def make(scheme, handler, password=PHRASE, **settings):
        made = handler.using(**settings).hash(password)
        row("all", scheme, tool, f"{handler.name} {settings}", password, made)

    make("sha512-crypt", h.sha512_crypt, rounds=5000)
    make("sha512-crypt", h.sha512_crypt, rounds=656000)
    make("sha512-crypt", h.sha512_crypt, rounds=1000)
    make("sha512-crypt", h.sha512_crypt, ACCENTS, rounds=5000)
    make("sha512-crypt", h.sha512_crypt, "a" * 100, rounds=1000)
    make("sha512-crypt", h.sha512_crypt, "b" * 256, rounds=1000)
    make("sha256-crypt", h.sha256_crypt, rounds=5000)
    make("sha256-crypt", h.sha256_crypt, rounds=80000)
    make("sha256-crypt", h.sha256_crypt, ACCENTS, rounds=1000, salt_size=8)
    make("bcrypt", h.bcrypt, rounds=4, ident="2a")
    make("bcrypt", h.bcrypt, rounds=4, ident="2b")
    make("bcrypt", h.bcrypt, rounds=4, ident="2y")
    make("bcrypt", h.bcrypt, ACCENTS, rounds=4)
    make("passlib-bcrypt-sha256", h.bcrypt_sha256, rounds=4, version=2)
    make("passlib-bcrypt-sha256", h.bcrypt_sha256, rounds=12, version=2)
    make("passlib-bcrypt-sha256", h.bcrypt_sha256, rounds=10, version=1)
    make("passlib-bcrypt-sha256", h.bcrypt_sha256, "c" * 200, rounds=4, version=2)
    make("argon2id", h.argon2, type="ID", memory_cost=65536, time_cost=3, parallelism=4)
    make("argon2i", h.argon2, type="I", memory_cost=1024, time_cost=2, parallelism=2)
    make("argon2d", h.argon2, type="D", memory_cost=1024, time_cost=2, parallelism=2)
    make("scrypt", h.scrypt, rounds=14)
    make("scrypt", h.scrypt, ACCENTS, rounds=10, block_size=4, parallelism=3)
    make("pbkdf2-sha1", h.pbkdf2_sha1, rounds=131000)
    make("pbkdf2-sha256", h.pbkdf2_sha256, rounds=29000)
    make("pbkdf2-sha256", h.pbkdf2_sha256, ACCENTS, rounds=1)
    make("pbkdf2-sha512", h.pbkdf2_sha512, rounds=25000)
    make("phpass", h.phpass, rounds=13)
    make("phpass", h.phpass, rounds=7, ident="H")
    make("phpass", h.phpass, ACCENTS, rounds=8)
    make("django-pbkdf2-sha256", h.django_pbkdf2_sha256, rounds=20000)
    make("django-pbkdf2-sha1", h.django_pbkdf2_sha1, rounds=20000)
    make("django-bcrypt-sha256", h.django_bcrypt_sha256, rounds=10)
    make("scrypt-crypt", h.scrypt, ident="$7$", rounds=10)
    make("scrypt-crypt", h.scrypt, ACCENTS, ident="$7$", rounds=4, block_size=3, parallelism=2)

    def insecure(reader, scheme, handler, password=PHRASE, **settings):
        made = handler.using(**settings).hash(password)
        row(reader, scheme, tool, f"{handler.name} {settings}", password, made)

    for password in (PHRASE, ACCENTS, "g", "h" * 256):
        insecure("insecure-md5-crypt", "insecure-md5-crypt", h.md5_crypt, password)
    insecure("insecure-md5-crypt", "insecure-md5-crypt", h.md5_crypt, salt_size=1)
    insecure("insecure-md5-crypt", "insecure-apr1", h.apr_md5_crypt)
    insecure("insecure-md5-crypt", "insecure-apr1", h.apr_md5_crypt, ACCENTS)
    for kind, handler in [
        ("smd5", h.ldap_salted_md5),
        ("ssha", h.ldap_salted_sha1),
        ("ssha256", h.ldap_salted_sha256),
        ("ssha512", h.ldap_salted_sha512),
    ]:
        insecure("insecure-ldap", "insecure-ldap-" + kind, handler)
        insecure("insecure-ldap", "insecure-ldap-" + kind, handler, ACCENTS, salt_size=16)
    made = h.sha512_crypt.using(rounds=1000).hash("")
    row("all", "!wrong", tool, "an empty password is never let in", "", made)
    made = h.bcrypt.using(rounds=4, truncate_error=False).hash("d" * 72)
    row("all", "bcrypt", tool, "bcrypt reads 72 bytes", "d" * 72 + "TAIL", made)


def django_rows():
    import django
    from django.conf import settings

    settings.configure(PASSWORD_HASHERS=[
        f"django.contrib.auth.hashers.{name}" for name in (
            "PBKDF2PasswordHasher", "PBKDF2SHA1PasswordHasher", "Argon2PasswordHasher",
            "BCryptSHA256PasswordHasher", "BCryptPasswordHasher", "SHA1PasswordHasher",
            "MD5PasswordHasher", "UnsaltedSHA1PasswordHasher", "UnsaltedMD5PasswordHasher",
        )
    ])
    django.setup()
    from django.contrib.auth.hashers import get_hasher, make_password

    tool = "django " + django.get_version()
    for scheme, hasher, password in [
        ("django-pbkdf2-sha256", "pbkdf2_sha256", PHRASE),
        ("django-pbkdf2-sha256", "pbkdf2_sha256", ACCENTS),
        ("django-pbkdf2-sha1", "pbkdf2_sha1", PHRASE),
        ("django-argon2id", "argon2", PHRASE),
        ("django-bcrypt-sha256", "bcrypt_sha256", PHRASE),
        ("django-bcrypt-sha256", "bcrypt_sha256", "e" * 100),
        ("django-bcrypt", "bcrypt", PHRASE),
    ]:
        row("all", scheme, tool, hasher, password, make_password(password, hasher=hasher))
    for reader, hasher in [
        ("insecure-django-md5", "md5"),
        ("insecure-django-sha1", "sha1"),
        ("insecure-django-sha1", "unsalted_sha1"),
        ("insecure-bare-md5", "unsalted_md5"),
    ]:
        made = make_password(PHRASE, hasher=hasher)
        row(reader, reader, tool, hasher, PHRASE, made)
    row("all", "unusable", tool, "make_password(None)", PHRASE, make_password(None))
    # Kept for later: a custom round count is Django's own advice.
    made = get_hasher("pbkdf2_sha256").encode(PHRASE, "saltsaltsaltsaltsalt22", 600000)
    row("all", "django-pbkdf2-sha256", tool, "600000 rounds", PHRASE, made)


def werkzeug_rows():
    from werkzeug.security import generate_password_hash

    tool = version("werkzeug")
    for scheme, method, password in [
        ("werkzeug-pbkdf2-sha256", "pbkdf2:sha256", PHRASE),
        ("werkzeug-pbkdf2-sha256", "pbkdf2:sha256:1000", ACCENTS),
        ("werkzeug-pbkdf2-sha1", "pbkdf2:sha1:50000", PHRASE),
        ("werkzeug-pbkdf2-sha512", "pbkdf2:sha512:50000", PHRASE),
        ("!unsupported", "pbkdf2:sha384:50000", PHRASE),
    ]:
        row("all", scheme, tool, method, password, generate_password_hash(password, method))
    for method in ("md5", "sha1", "sha256"):
        reader = "insecure-werkzeug-" + method
        row(reader, reader, tool, method, PHRASE, generate_password_hash(PHRASE, method))


def flask_rows():
    import types

    from flask import Flask
    from flask_bcrypt import Bcrypt

    app = Flask("vectors")
    app.config.update(BCRYPT_HANDLE_LONG_PASSWORDS=True, BCRYPT_LOG_ROUNDS=10)
    made = Bcrypt(app).generate_password_hash(PHRASE).decode()
    row("flask-bcrypt", "flask-bcrypt", version("flask-bcrypt"), "long passwords handled", PHRASE, made)

    from flask_security import Security, hash_password

    salt = "146585145368132386173505678016728509634"
    user = type("User", (), {"fs_uniquifier": None})
    datastore = types.SimpleNamespace(user_model=user, role_model=None)
    tool = version("flask-security-too")
    for kind, scheme in [("bcrypt", "bcrypt"), ("argon2", "argon2"), ("pbkdf2_sha512", "pbkdf2"), ("sha512_crypt", "sha-crypt")]:
        app = Flask("vectors-" + kind)
        app.config.update(SECRET_KEY="k", SECURITY_PASSWORD_SALT=salt, SECURITY_PASSWORD_HASH=kind,
                          SECURITY_PASSWORD_SCHEMES=[kind], SECURITY_DEPRECATED_PASSWORD_SCHEMES=[])
        Security(app, datastore, register_blueprint=False)
        with app.app_context():
            row("flask-security:" + salt, "flask-security-" + scheme, tool, kind, PHRASE, hash_password(PHRASE))


def check():
    from passlib.hash import argon2, bcrypt, pbkdf2_sha256

    handlers = {"argon2id": argon2, "bcrypt": bcrypt, "pbkdf2-sha256": pbkdf2_sha256}
    for line in sys.stdin:
        kind, password, stored = line.rstrip("\n").split("\t")
        password = json.loads(password)
        handler = handlers[kind]
        if not handler.verify(password, stored) or handler.verify(password + "x", stored):
            sys.exit(f"passlib refuses our {kind}")
    print(version("passlib"), "agrees")


if sys.argv[1:] == ["check"]:
    check()
else:
    for part in (passlib_rows, django_rows, werkzeug_rows, flask_rows):
        part()
