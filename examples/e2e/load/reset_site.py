"""Django's own password reset over its own SQLite file, as a WSGI application.

It runs under gunicorn. Started by itself it makes the tables and the users
whose number is its argument. What flatters Django: no middleware for sessions
and forged requests, and mails are rendered and thrown away.
"""

import os
import sys

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="not a secret, the application lives for one measurement",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=[
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "django.contrib.admin",  # has the template of the mail
    ],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
        }
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["LOAD_DATABASE"],
            "CONN_MAX_AGE": None,
        }
    },
    EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.contrib.auth.views import (  # noqa: E402
    PasswordResetConfirmView,
    PasswordResetView,
)
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import path  # noqa: E402

forgot = PasswordResetView.as_view(success_url="/forgot-password?sent")


def unguarded(request):
    """Let the load program post without a form of Django's own."""
    request._dont_enforce_csrf_checks = True
    return forgot(request)


urlpatterns = [
    path("forgot-password", unguarded),
    path(
        "reset/<uidb64>/<token>/",
        PasswordResetConfirmView.as_view(),
        name="password_reset_confirm",
    ),
]
application = get_wsgi_application()

if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    User.objects.bulk_create(
        User(
            username=f"user{n}",
            email=f"user{n}@example.org",
            password="pbkdf2_sha256$260000$c2FsdA$aGFzaA=",
        )
        for n in range(int(sys.argv[1]))
    )
