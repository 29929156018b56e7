"""A Django application of one table, auth_user, driven over its standard input.

Each line is a JSON object with a command, each answer one JSON line. The first
argument is Django's settings of the database as JSON, the second one the
hasher, and the figure after it, if there is one, is its iterations.
"""

import json
import sys

import django
from django.conf import settings
from django.contrib.auth import hashers

database, hasher = sys.argv[1], sys.argv[2]


class Iterations(hashers.PBKDF2PasswordHasher):
    """PBKDF2PasswordHasher of another release, which differs in the figure."""

    iterations = int(sys.argv[3]) if len(sys.argv) > 3 else 0


settings.configure(
    SECRET_KEY="not a secret, the application lives for one test",
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=[
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "django.contrib.sessions",
    ],
    DATABASES={"default": json.loads(database)},
    PASSWORD_HASHERS=[
        f"{__name__}.Iterations" if hasher == "pbkdf2_sha256" else
        "django.contrib.auth.hashers.Argon2PasswordHasher",
    ],
)
django.setup()

from django.contrib.auth import authenticate, get_user  # noqa: E402
from django.contrib.auth import login as begin_session  # noqa: E402
from django.contrib.auth.forms import SetPasswordForm  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.contrib.auth.tokens import default_token_generator  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.http import HttpRequest  # noqa: E402


def version(_):
    """The release, and how long a tag the library of Argon2 makes."""
    import argon2

    return {
        "django": django.get_version(),
        "tag": argon2.DEFAULT_HASH_LENGTH,
    }


def create(line):
    user = User.objects.create_user(
        line["name"], line["email"], line["password"]
    )
    return {"id": str(user.pk)}


def must_update(stored):
    """What check_password asks before it calls the setter."""
    preferred = hashers.get_hasher()
    made_by = hashers.identify_hasher(stored)
    return made_by.algorithm != preferred.algorithm or (
        preferred.must_update(stored)
    )


def login(line):
    """Sign in as Django does, and tell whether that changed the row."""
    before = User.objects.get(username=line["name"]).password
    user = authenticate(username=line["name"], password=line["password"])
    session = ""
    if user is not None:
        request = HttpRequest()
        request.session = SessionStore()
        begin_session(request, user)
        request.session.save()
        session = request.session.session_key
    after = User.objects.get(username=line["name"]).password
    return {
        "ok": user is not None,
        "must_update": must_update(before),
        "rewritten": before != after,
        "stored": after,
        "session": session,
    }


def visit(line):
    """A request with the cookie of a session."""
    request = HttpRequest()
    request.session = SessionStore(session_key=line["session"])
    return {"ok": get_user(request).is_authenticated}


def reset(line):
    """Django's own reset, its token and its form."""
    user = User.objects.get(username=line["name"])
    link = default_token_generator.make_token(user)
    if not default_token_generator.check_token(user, link):
        return {"ok": False}
    form = SetPasswordForm(
        user,
        {
            "new_password1": line["password"],
            "new_password2": line["password"],
        },
    )
    if not form.is_valid():
        return {"ok": False}
    form.save()
    return {"ok": True, "stored": form.user.password}


def deactivate(line):
    User.objects.filter(username=line["name"]).update(is_active=False)
    return {"ok": True}


call_command("migrate", verbosity=0)
commands = {
    f.__name__: f for f in (
        version,
        create,
        login,
        visit,
        reset,
        deactivate,
    )
}
for text in sys.stdin:
    request = json.loads(text)
    print(json.dumps(commands[request["do"]](request)), flush=True)
