"""Webhooks: other programs hear of records as things happen to them.

A trigger writes a delivery in the transaction of the event; the worker sends it, signed
as Standard Webhooks 1.0 (standardwebhooks.com) has it, and tries for about a day.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import requests
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from layers.geography.models import Municipality
from layers.geography.tenancy import tenant
from surveys.errors import WebhookRefused
from surveys.models import Form, Submission, Webhook, WebhookDelivery, WebhookTown
from surveys.out.posting import post_outward, refuse_address
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
PREFIX = "whsec_"
FIRST_WAIT, FACTOR, MOST_TRIES = timedelta(seconds=30), 4, 8
BATCH = 50
LOG_KEPT = timedelta(days=30)
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
    WebhookTown.objects.get_or_create(municipality_id=form.municipality_id)
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
    town = webhook.municipality_id
    if Webhook.objects.filter(municipality=town, enabled=True).exists():
        WebhookTown.objects.get_or_create(municipality_id=town)
    else:
        WebhookTown.objects.filter(municipality=town).delete()


@transaction.atomic
def send_again(*, delivery: WebhookDelivery) -> None:
    """Whatever became of it before."""
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        state=State.WAITING, tries=0, next_try_at=timezone.now(), finished_at=None
    )


def signature(secret: str, message_id: str, stamp: int, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256 of `id.timestamp.body`, in base64."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{stamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def deliver_everywhere() -> int:
    """What is due in any municipality that has webhooks; tells how many were sent."""
    done = 0
    for town in WebhookTown.objects.select_related("municipality").order_by("pk"):
        done += _deliver_due(town.municipality)
    return done


def _deliver_due(municipality: Municipality) -> int:
    """Of a webhook that does not answer only the first: the others would wait as long,
    and with them those of everybody else.
    """
    with tenant(municipality):
        forget_old(municipality=municipality)
        waiting = due(municipality)
    done, silent = 0, set()
    for key, webhook in waiting:
        if webhook in silent:
            continue
        with tenant(municipality):
            outcome = deliver(key)
        done += outcome is not None
        if outcome is False:
            silent.add(webhook)
    return done


def due(municipality: Municipality) -> list[tuple[int, int]]:
    """Keys of deliveries, each with its webhook's."""
    waiting = WebhookDelivery.objects.filter(
        municipality=municipality,
        state=State.WAITING,
        next_try_at__lte=timezone.now(),
        webhook__enabled=True,
    )
    return list(waiting.order_by("pk").values_list("pk", "webhook")[:BATCH])


def forget_old(*, municipality: Municipality) -> None:
    """The log goes back a month."""
    old = timezone.now() - LOG_KEPT
    WebhookDelivery.objects.of(municipality).filter(finished_at__lt=old).delete()


def deliver(key: int) -> bool | None:
    """One try: whether it was taken. None for one that another worker is at."""
    delivery = (
        WebhookDelivery.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("webhook__form", "submission__round")
        .filter(pk=key, state=State.WAITING)
        .first()
    )
    if delivery is None:
        return None
    delivery.tries += 1
    delivery.last_status, delivery.last_error = None, ""
    try:
        delivery.last_status = _post(delivery)
    except (requests.RequestException, WebhookRefused) as error:
        delivery.last_error = type(error).__name__[:200]
    status, now = delivery.last_status, timezone.now()
    taken = status is not None and 200 <= status < 300
    if taken:
        delivery.state, delivery.finished_at = State.DELIVERED, now
    elif delivery.tries >= MOST_TRIES:
        delivery.state, delivery.finished_at = State.GIVEN_UP, now
    else:
        delivery.next_try_at = now + FIRST_WAIT * FACTOR ** (delivery.tries - 1)
    delivery.save()
    return taken


def _post(delivery: WebhookDelivery) -> int:
    webhook = delivery.webhook
    body = json.dumps(message(delivery), ensure_ascii=False).encode()
    stamp = int(timezone.now().timestamp())
    message_id = f"msg_{delivery.pk}"
    return post_outward(
        webhook.url,
        body=body,
        headers={
            "Content-Type": "application/json; charset=utf-8",
            "webhook-id": message_id,
            "webhook-timestamp": str(stamp),
            "webhook-signature": signature(webhook.secret, message_id, stamp, body),
        },
    )


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
