"""Webhooks: other programs hear of records as things happen to them.

A trigger writes a delivery in the transaction of the event; the worker sends it, signed
as Standard Webhooks 1.0 (standardwebhooks.com) has it, and tries for about a day.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
import secrets
import socket
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
from surveys.errors import WebhookRefused
from surveys.models import Form, Submission, Webhook, WebhookDelivery
from surveys.out.tables import Scope, sheets_of, submission_values, text

EVENTS = {
    "submission.received": _("received"),
    "submission.edited": _("edited"),
    "submission.approved": _("approved"),
    "submission.rejected": _("rejected"),
    "submission.sent_back": _("sent back"),
    "submission.withdrawn": _("withdrawn"),
    "submission.erased": _("erased"),
}
TEST = "test"
PREFIX = "whsec_"
TIMEOUT = (5, 10)
FIRST_WAIT, FACTOR, MOST_TRIES = timedelta(seconds=30), 4, 8
BATCH = 50
State = WebhookDelivery.State


@transaction.atomic
def add_webhook(
    *, form: Form, url: str, events: Sequence[str], with_answers: bool, by: Any
) -> Webhook:
    """With a secret of its own. Raises WebhookRefused for an address that is not taken."""
    refuse_address(url)
    known = [event for event in EVENTS if event in events]
    if not known:
        raise WebhookRefused(_("Choose at least one event."), "events")
    secret = PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
    return Webhook.objects.create(
        municipality_id=form.municipality_id,
        form=form,
        url=url,
        events=known,
        secret=secret,
        with_answers=with_answers,
        created_by=by,
    )


@transaction.atomic
def switch(*, webhook: Webhook, enabled: bool) -> None:
    Webhook.objects.filter(pk=webhook.pk).update(enabled=enabled)


@transaction.atomic
def send_again(*, delivery: WebhookDelivery) -> None:
    """Whatever became of it before."""
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        state=State.WAITING, tries=0, next_try_at=timezone.now(), finished_at=None
    )


def refuse_address(url: str) -> None:
    """Only https to a public address; the demonstration may speak to this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (settings.DEMO and parts.scheme == "http"):
        raise WebhookRefused(_("The address has to begin with https://."), "scheme")
    if not parts.hostname or parts.username or parts.password:
        raise WebhookRefused(_("This is not an address."), "address")
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443)
    except (OSError, UnicodeError, ValueError) as error:
        raise WebhookRefused(_("This address can't be found."), "unknown") from error
    if settings.DEMO:
        return
    if not all(ipaddress.ip_address(each[4][0]).is_global for each in found):
        words = _("This address lies inside a private network.")
        raise WebhookRefused(words, "private")


def signature(secret: str, message_id: str, stamp: int, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256 of `id.timestamp.body`, in base64."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{stamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def deliver_everywhere() -> int:
    """What is due in any municipality; tells how many were sent."""
    done = 0
    for municipality in Municipality.objects.only("pk", "time_zone"):
        with tenant(municipality):
            keys = due(municipality)
        for key in keys:
            with tenant(municipality):
                done += deliver(key)
    return done


def due(municipality: Municipality) -> list[int]:
    waiting = WebhookDelivery.objects.filter(
        municipality=municipality,
        state=State.WAITING,
        next_try_at__lte=timezone.now(),
        webhook__enabled=True,
    )
    return list(waiting.order_by("pk").values_list("pk", flat=True)[:BATCH])


def deliver(key: int) -> bool:
    """One try. Another worker that is at it keeps it."""
    delivery = (
        WebhookDelivery.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("webhook__form", "submission__round")
        .filter(pk=key, state=State.WAITING)
        .first()
    )
    if delivery is None:
        return False
    delivery.tries += 1
    delivery.last_status, delivery.last_error = None, ""
    try:
        delivery.last_status = _post(delivery)
    except (requests.RequestException, WebhookRefused) as error:
        delivery.last_error = type(error).__name__[:200]
    now = timezone.now()
    if delivery.last_status is not None and 200 <= delivery.last_status < 300:
        delivery.state, delivery.finished_at = State.DELIVERED, now
    elif delivery.tries >= MOST_TRIES:
        delivery.state, delivery.finished_at = State.GIVEN_UP, now
    else:
        delivery.next_try_at = now + FIRST_WAIT * FACTOR ** (delivery.tries - 1)
    delivery.save()
    return True


def _post(delivery: WebhookDelivery) -> int:
    """The answer's status. The name is looked up anew: it may have moved inside."""
    webhook = delivery.webhook
    refuse_address(webhook.url)
    body = json.dumps(message(delivery), ensure_ascii=False).encode()
    stamp = int(timezone.now().timestamp())
    message_id = f"msg_{delivery.pk}"
    answer = requests.post(
        webhook.url,
        data=body,
        headers={
            "Content-Type": "application/json; charset=utf-8",
            "webhook-id": message_id,
            "webhook-timestamp": str(stamp),
            "webhook-signature": signature(webhook.secret, message_id, stamp, body),
        },
        timeout=TIMEOUT,
        allow_redirects=False,
        stream=True,
    )
    answer.close()
    return answer.status_code


def message(delivery: WebhookDelivery) -> dict[str, Any]:
    """What is sent: which record, and its answers without names where that was chosen."""
    record = delivery.submission
    data: dict[str, Any] = {
        "form": delivery.webhook.form.code,
        "round": record.round.code,
        "instanceId": record.instance_id,
        "state": record.state,
    }
    gone = record.withdrawn_at or record.erased_at
    if delivery.webhook.with_answers and not gone:
        data["answers"] = _answers(delivery.webhook.form, record)
    return {
        "type": delivery.event,
        "timestamp": delivery.created_at.isoformat(),
        "data": data,
    }


def _answers(form: Form, record: Submission) -> dict[str, Any]:
    main = next(each for each in sheets_of(Scope(form=form), "en") if not each.name)
    values = submission_values(record)
    return {
        column.name: value if isinstance(value, int | float | list) else text(value)
        for column in main.columns
        if (value := values.get(column.name)) is not None
    }
