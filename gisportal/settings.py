"""Everything comes from the environment; `run` sets what a fresh clone needs."""

from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from environs import Env

env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = env.path("DATA_DIR", BASE_DIR / "var")

SECRET_KEY = env.str("SECRET_KEY", "")
DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("DEMO", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
# Only behind https may cookies demand it; the demo speaks plain http on loopback.
HTTPS = env.bool("HTTPS", default=False)

INSTALLED_APPS = [
    "gisportal.portal",
    "gisportal.accounts",
    "surveys",
    "layers.indicators",
    "gisportal.billing",
    "layers.geography",
    "layers.maps",
    "layers.features",
    "layers.explorer",
    "layers.editing",
    "layers.own",
    "gisportal.cases",
    "gisportal.service_requests",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.gis",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "csp",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "template_partials",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "layers.maps.middleware.PublicTileMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "gisportal.middleware.TenantMiddleware",
]

ROOT_URLCONF = "gisportal.urls"
WSGI_APPLICATION = "gisportal.wsgi.application"
FORM_RENDERER = "gisportal.rendering.PageRenderer"
# Uploaded spatial references are read in a process of their own, never by Django.
SILENCED_SYSTEM_CHECKS = ["gis.W001"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "gisportal/templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "gisportal.portal.context.page",
            ],
        },
    },
]

# Two roles: the owner migrates, the application role serves under row-level
# security. Without a login of its own the application role is entered by SET ROLE.
APPLICATION_ROLE = env.str("APPLICATION_ROLE", "gisportal_application")


def _database(*, as_owner: bool) -> dict[str, Any]:
    owner = env.str("DATABASE_URL", "postgis:///gisportal")
    own_login = env.str("APPLICATION_DATABASE_URL", "")
    url = owner if as_owner or not own_login else own_login
    database: dict[str, Any] = {
        **dj_database_url.parse(
            url, engine="django.contrib.gis.db.backends.postgis", conn_max_age=60
        )
    }
    database["CONN_HEALTH_CHECKS"] = True
    database.setdefault("OPTIONS", {})
    if not as_owner and not own_login:
        database["OPTIONS"]["options"] = f"-c role={APPLICATION_ROLE}"
    # The test database starts from the template that has PostGIS, because the
    # owner is no superuser and may not create extensions.
    database["TEST"] = {"TEMPLATE": env.str("TEMPLATE_DATABASE", "template_gisportal")}
    return database


# Only an environment of conda needs them said: elsewhere the system's loader finds both.
GDAL_LIBRARY_PATH = env.str("GDAL_LIBRARY_PATH", None)
GEOS_LIBRARY_PATH = env.str("GEOS_LIBRARY_PATH", None)

DATABASES = {"default": _database(as_owner=env.str("DATABASE_ROLE", "") == "owner")}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "gisportal.accounts.backends.MunicipalityBackend",
    "gisportal.accounts.backends.ApiKeyBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "portal:start"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none" if DEMO else "mandatory"
ACCOUNT_LOGOUT_REDIRECT_URL = "portal:directory"
ACCOUNT_FORMS = {
    "login": "gisportal.accounts.forms.LoginForm",
    "signup": "gisportal.accounts.forms.SignupForm",
    "reset_password": "gisportal.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "gisportal.accounts.forms.ResetPasswordKeyForm",
    "change_password": "gisportal.accounts.forms.ChangePasswordForm",
}
ACCOUNT_ADAPTER = "allauth.account.adapter.DefaultAccountAdapter"

EMAIL_BACKEND = env.str(
    "EMAIL_BACKEND", "django.core.mail.backends.filebased.EmailBackend"
)
EMAIL_FILE_PATH = DATA_DIR / "mail"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": DATA_DIR / "cache",
        # Counted tries at signing in are kept here: past the usual 300 entries a
        # guesser could have another's count thrown out by making many of their own.
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

LANGUAGE_CODE = "ar"
LANGUAGES = [("ar", _("Arabic")), ("en", _("English")), ("fr", _("French"))]
LOCALE_PATHS = [BASE_DIR / "gisportal/locale"]
FORMAT_MODULE_PATH = ["gisportal.formats"]
USE_TZ = True
TIME_ZONE = "Asia/Beirut"

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "gisportal/static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if not DEBUG
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
# Uploads are never served from the file system: views decide who may read them.
# They hold children's names, so no other user of the machine may either.
MEDIA_ROOT = DATA_DIR / "media"
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
# Cut tiles are kept on disk up to this size, half of it for those of the staff.
TILE_CACHE_MB = env.int("TILE_CACHE_MB", 1024)
# The largest file of answers: 100,000 households with all their questions need that much.
SURVEY_FILE_MB = env.int("SURVEY_FILE_MB", 200)
# A phone sends a hundred files at once, and the answers beside them.
DATA_UPLOAD_MAX_NUMBER_FILES = 200

# How this server is reached from outside: letters link there, payment services call it.
PUBLIC_URL = env.str("PUBLIC_URL", f"http://127.0.0.1:{env.int('PORT', 8000)}")

# Payment services by name, and which of them each municipality uses ("*": all
# others). The demo has one that moves no money, served at /demo-gateway/.
DEMO_GATEWAY = {
    "class": "gisportal.billing.gateways.local.LocalGateway",
    "url": env.str("PAYMENT_GATEWAY_URL", f"{PUBLIC_URL}/demo-gateway"),
    "key": env.str("PAYMENT_GATEWAY_KEY", "demo-key"),
    "secret": env.str("PAYMENT_GATEWAY_SECRET", "demo-secret"),
}
GATEWAYS: Any = env.json("GATEWAYS", {"local": DEMO_GATEWAY} if DEMO else {})
MUNICIPAL_GATEWAYS: Any = env.json("MUNICIPAL_GATEWAYS", {"*": "local"} if DEMO else {})

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF, PUBLIC_URL, *env.list("PAYMENT_ORIGINS", [])],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}
# Sites that may show a map which its owner opened to them.
EMBED_ORIGINS: list[str] = env.list("EMBED_ORIGINS", [])
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{levelname} {name}: {message}", "style": "{"}},
    "filters": {"discreet": {"()": "surveys.intake.discretion.HideSecrets"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["discreet"],
        }
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    # It tells each step of each page of each PDF.
    "loggers": {
        "weasyprint": {"level": "WARNING"},
        "fontTools": {"level": "WARNING"},
    },
}
