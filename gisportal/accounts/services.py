"""Keys with which programs read, instead of a person's password."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from gisportal.accounts.models import ApiKey, User

# A key is known by how it begins, where one was left in a file by mistake.
BEGINS = "gis_"


@transaction.atomic
def issue_key(*, user: User, name: str, days: int) -> tuple[ApiKey, str]:
    """The row and the key itself, which nobody can read again."""
    key = BEGINS + secrets.token_urlsafe(32)
    row = ApiKey.objects.create(
        user=user,
        name=name,
        key_hash=hash_of(key),
        expires_at=timezone.now() + timedelta(days=days),
    )
    return row, key


@transaction.atomic
def revoke_key(*, key: ApiKey) -> None:
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())


def user_of_key(key: str) -> User | None:
    """The person of a usable key. That it was used is kept by the day."""
    row = (
        ApiKey.objects.usable()
        .filter(key_hash=hash_of(key), user__is_active=True)
        .select_related("user")
        .first()
    )
    if row is None:
        return None
    today = timezone.localdate()
    if row.last_used_on != today:
        ApiKey.objects.filter(pk=row.pk).update(last_used_on=today)
    return row.user


def hash_of(key: str) -> str:
    """Unsalted: the key is random itself, and must be found by its hash."""
    return hashlib.sha256(key.encode()).hexdigest()
