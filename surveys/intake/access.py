"""A surveyor's way in for a phone: a secret in the server's address, shown once."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import zlib
from typing import Any

import segno
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation

from layers.geography.models import Municipality
from layers.geography.statements import find
from surveys.models import DeviceAccess, FormVersion


@transaction.atomic
def issue_access(
    *,
    municipality: Municipality,
    surveyor: Any,
    label: str = "",
    language: str = settings.LANGUAGE_CODE,
    by: Any = None,
    draft: FormVersion | None = None,
) -> tuple[DeviceAccess, str]:
    """The access and its token. Only the token's hash is kept: nobody can see it again."""
    token = secrets.token_urlsafe(32)
    access = DeviceAccess.objects.create(
        municipality=municipality,
        surveyor=surveyor,
        label=label,
        language=language,
        token_hash=hash_of(token),
        created_by=by,
        draft=draft,
    )
    return access, token


@transaction.atomic
def revoke_access(*, access: DeviceAccess) -> None:
    DeviceAccess.objects.filter(pk=access.pk, revoked_at=None).update(
        revoked_at=timezone.now()
    )


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def find_access(*, municipality: Municipality, token: str) -> DeviceAccess | None:
    """Of a phone whose surveyor still belongs to the municipality."""
    access = find(
        DeviceAccess,
        municipality_id=municipality.pk,
        token_hash=hash_of(token),
        revoked_at=None,
    )
    surveyor = access and find(get_user_model(), id=access.surveyor_id)
    if not (access and surveyor and surveyor.is_active):
        return None
    if not surveyor.has_perm("surveys.upload_round", municipality):
        return None
    access.surveyor = surveyor
    today = municipality.today()
    if access.last_used_on != today:
        DeviceAccess.objects.filter(pk=access.pk).update(last_used_on=today)
    return access


def server_address(*, municipality: Municipality, token: str) -> str:
    path = reverse("intake:form_list", args=[municipality.slug, token])
    return f"{settings.PUBLIC_URL}{path.removesuffix('/formList')}"


def settings_of(*, address: str, name: str, language: str) -> dict[str, Any]:
    """What the phone is told to set: ODK Collect's own names."""
    return {
        "general": {
            "server_url": address,
            "form_update_mode": "match_exactly",
            "autosend": "wifi_and_cellular",
            "app_language": language,
            "delete_send": False,
        },
        "admin": {"edit_saved": True},
        "project": {"name": name, "icon": "🌱", "color": "#1f6f5c"},
    }


def settings_qr(*, access: DeviceAccess, address: str) -> segno.QRCode:
    """The picture that sets up a phone in one go."""
    with translation.override(access.language):
        name = access.draft.form.name if access.draft else access.municipality.name
    told = settings_of(address=address, name=name, language=access.language)
    return segno.make(packed(told), error="l", micro=False)


def packed(told: dict[str, Any]) -> str:
    """As the phone unpacks it: JSON, zlib, base64."""
    plain = json.dumps(told, ensure_ascii=False).encode()
    return base64.b64encode(zlib.compress(plain)).decode()
