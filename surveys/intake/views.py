"""OpenRosa, as phones speak it: no language in the address, no redirects, no cookies."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from functools import partial, wraps
from importlib import resources
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.core.cache import cache
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import connection
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from layers.geography.access import TownRequest
from surveys.households.phone_files import PhoneFile, phone_file, phone_files
from surveys.intake.access import find_access
from surveys.intake.attachments import Sent
from surveys.intake.keeping import kept_path
from surveys.intake.openrosa import (
    MAX_POST_BYTES,
    XML,
    Offer,
    form_list,
    integrity,
    manifest,
    message,
    spoken,
)
from surveys.intake.receiving import Receipt, Sender, receive
from surveys.models import Arrival, Entity, FormVersion

BASIC = "basic"
XML_PART = "xml_submission_file"
# Checking a password costs a third of a second, by design; a phone sends it each time.
REMEMBERED_SECONDS = 300
WRONG_TRIES, WRONG_SECONDS = 10, 300
VISITED = resources.files("surveys.sql").joinpath("visited.sql").read_text()
REALM = 'Basic realm="surveys", charset="UTF-8"'


class Caller:
    """Who speaks to us, and how: `key` stands in the address."""

    def __init__(
        self,
        request: TownRequest,
        key: str,
        user: Any,
        draft: FormVersion | None = None,
        language: str = settings.LANGUAGE_CODE,
    ) -> None:
        self.request, self.key, self.user = request, key, user
        self.draft, self.language = draft, language

    def url(self, name: str, *more: Any) -> str:
        slug = self.request.municipality.slug
        path = reverse(f"intake:{name}", args=[slug, self.key, *more])
        return self.request.build_absolute_uri(path)


def for_phones(view: Callable[..., HttpResponseBase]) -> Callable:
    """Lets in a phone by the secret in its address, or a surveyor by password."""

    @wraps(view)
    def guarded(
        request: TownRequest, municipality: str, key: str, **more: Any
    ) -> HttpResponseBase:
        # A phone says nothing of its language: who is not known hears the first.
        with translation.override(settings.LANGUAGE_CODE):
            caller = _by_password(request) if key == BASIC else _by_key(request, key)
        if isinstance(caller, HttpResponse):
            return caller
        if "\x00" in "".join(each for each in more.values() if isinstance(each, str)):
            raise Http404
        with translation.override(caller.language):
            return view(caller, **more)

    guarded.permission = "surveys.upload_round"
    return csrf_exempt(guarded)


def _by_key(request: TownRequest, key: str) -> Caller | HttpResponse:
    access = find_access(municipality=request.municipality, token=key)
    if access is None:
        words = _("This phone's access was withdrawn. Ask the office for a new one.")
        return message(words, status=403, nature="error")
    return Caller(request, key, access.surveyor, access.draft, access.language)


def _by_password(request: TownRequest) -> Caller | HttpResponse:
    if not (request.is_secure() or settings.DEMO):
        words = _("Passwords are taken over https only.")
        return message(words, status=403, nature="error")
    email, password = _credentials(request)
    if not email:
        return _asked_for_password()
    tried = f"openrosa-wrong:{salted_hmac('tried', email.lower()).hexdigest()}"
    if cache.get(tried, 0) >= WRONG_TRIES:
        words = _("Too many wrong passwords. Try again in five minutes.")
        return message(words, status=429, nature="error")
    user = _remembered(email, password) or authenticate(
        request, username=email, email=email, password=password
    )
    if user is None or not user.has_perm("surveys.upload_round", request.municipality):
        cache.set(tried, cache.get(tried, 0) + 1, WRONG_SECONDS)
        return _asked_for_password()
    _remember(email, password, user)
    return Caller(request, BASIC, user)


def _credentials(request: TownRequest) -> tuple[str, str]:
    scheme, _space, packed = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        plain = base64.b64decode(packed, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    email, _colon, password = plain.partition(":")
    return email.replace("\x00", ""), password


def _asked_for_password() -> HttpResponse:
    response = message(_("Sign in."), status=401, nature="error")
    response["WWW-Authenticate"] = REALM
    return response


def _fingerprint(email: str, password: str, user: Any) -> str:
    """Keyed, and of the stored hash too: a changed password is asked for at once."""
    return salted_hmac(
        "openrosa", f"{email}\x1f{password}\x1f{user.password}"
    ).hexdigest()


def _remembered(email: str, password: str) -> Any:
    found = cache.get(f"openrosa:{salted_hmac('who', email.lower()).hexdigest()}")
    if not found:
        return None
    user = found["model"].objects.filter(pk=found["user"], is_active=True).first()
    if user is None:
        return None
    same = constant_time_compare(found["mark"], _fingerprint(email, password, user))
    return user if same else None


def _remember(email: str, password: str, user: Any) -> None:
    cache.set(
        f"openrosa:{salted_hmac('who', email.lower()).hexdigest()}",
        {
            "user": user.pk,
            "model": type(user),
            "mark": _fingerprint(email, password, user),
        },
        REMEMBERED_SECONDS,
    )


def offered(caller: Caller) -> list[FormVersion]:
    """The newest published version of each form that an open round takes."""
    versions = FormVersion.objects.of(caller.request.municipality)
    if caller.draft is not None:
        return list(versions.filter(pk=caller.draft.pk).select_related("form"))
    return list(
        versions.receivable(caller.user)
        .select_related("form")
        .defer("xform", "tables", "source", "remarks", "parts")
    )


@require_safe
@for_phones
def forms(caller: Caller) -> HttpResponse:
    """`?formID=` narrows the list to one form; whatever else is asked is ignored."""
    wanted = caller.request.GET.get("formID")
    offers = [
        Offer(
            version,
            version.form.name,
            caller.url("form", version.pk),
            caller.url("manifest", version.pk) if version.needs_files else "",
        )
        for version in offered(caller)
        if wanted in {None, version.form.code}
    ]
    return spoken(HttpResponse(form_list(offers), content_type=XML))


def _version(caller: Caller, pk: int) -> FormVersion:
    if caller.draft is not None and caller.draft.pk != pk:
        raise Http404
    versions = FormVersion.objects.of(caller.request.municipality)
    if caller.draft is None:
        versions = versions.exclude(state=FormVersion.State.DRAFT)
    return get_object_or_404(versions.select_related("form"), pk=pk)


def _answer(
    caller: Caller, make: Callable[[], HttpResponseBase], md5: str
) -> HttpResponseBase:
    """What `make` gives, or 304 to a phone or proxy that has it already. A proxy that
    packs the answer makes the mark a weak one.
    """
    etag = f'"{md5}"'
    held = parse_etags(caller.request.headers.get("If-None-Match", ""))
    known = "*" in held or etag in {each.removeprefix("W/") for each in held}
    response = HttpResponse(status=304) if known else make()
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return spoken(response)


@require_safe
@for_phones
def form(caller: Caller, version: int) -> HttpResponseBase:
    found = _version(caller, version)
    return _answer(
        caller, lambda: HttpResponse(found.xform.encode(), content_type=XML), found.md5
    )


@require_safe
@for_phones
def form_manifest(caller: Caller, version: int) -> HttpResponseBase:
    found = _version(caller, version)
    files = phone_files(
        municipality=caller.request.municipality, surveyor=caller.user, version=found
    )
    content = manifest(
        (
            file,
            caller.url("file", version, file.name),
            caller.url("integrity", file.name.removesuffix(".csv"))
            if file.kind == "entityList"
            else "",
        )
        for file in files
    )
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return _answer(caller, lambda: HttpResponse(content, content_type=XML), md5)


@require_safe
@for_phones
def file(caller: Caller, version: int, name: str) -> HttpResponseBase:
    found: PhoneFile | None = phone_file(
        municipality=caller.request.municipality,
        surveyor=caller.user,
        version=_version(caller, version),
        name=name,
    )
    if found is None:
        raise Http404
    return _answer(caller, partial(_content, caller, found), found.md5)


def _content(caller: Caller, found: PhoneFile) -> HttpResponseBase:
    if found.content is not None:
        return HttpResponse(found.content, content_type=found.content_type)
    path: Path = kept_path(caller.request.municipality.pk, found.sha256)
    return FileResponse(path.open("rb"), content_type=found.content_type)


@require_safe
@for_phones
def list_integrity(caller: Caller, name: str) -> HttpResponse:
    """Which of the entities that a phone holds are gone: `?id=a,b`."""
    asked = [key for key in caller.request.GET.get("id", "").split(",") if key][:5000]
    gone = set(
        Entity.objects.of(caller.request.municipality)
        .filter(list_name=name, deleted_at__isnull=False)
        .values_list("uuid", flat=True)
    )
    deleted = {str(key) for key in gone}
    content = integrity((key, key in deleted) for key in asked)
    return spoken(HttpResponse(content, content_type=XML))


@require_http_methods(["HEAD", "POST"])
@for_phones
def submission(caller: Caller) -> HttpResponse:
    request = caller.request
    if request.method == "HEAD":
        return spoken(HttpResponse(status=204))
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > MAX_POST_BYTES:
        words = _("This is more than the server takes at once. Send fewer photos.")
        return message(words, status=413, nature="error")
    try:
        content, files = _parts(request)
    except (MultiPartParserError, RequestDataTooBig, SuspiciousOperation):
        words = _("The transmission broke off. Send it again.")
        return message(words, status=400, nature="error")
    if not content:
        words = _("The transmission has no answers in it. Send it again.")
        return message(words, status=400, nature="error")
    receipt = receive(sender=_sender(caller), content=content, files=files)
    if receipt.refused:
        words = _(
            "Another record with the same ID is already here. Both are kept; tell the "
            "office."
        )
        return message(words, status=409, nature="error")
    kept = receipt.repeated or receipt.arrival.state == Arrival.State.QUARANTINED
    return message(_thanks(caller, receipt), status=202 if kept else 201)


def _parts(request: TownRequest) -> tuple[bytes | None, list[Sent]]:
    """The XML and the files; one field may hold several of the same name."""
    answers = request.FILES.get(XML_PART)
    files = [
        Sent(file.name or "", file.read())
        for _name, uploaded in request.FILES.lists()
        for file in uploaded
        if file is not answers
    ]
    if answers is not None:
        return answers.read(), files
    # Some programs send the XML as a field, without a file's name.
    text = request.POST.get(XML_PART)
    return (text.encode() if text else None), files


def _sender(caller: Caller) -> Sender:
    return Sender(
        municipality=caller.request.municipality,
        by=caller.user,
        channel=Arrival.Channel.PHONE,
        device=caller.request.GET.get("deviceID", ""),
        draft=caller.draft,
    )


def _thanks(caller: Caller, receipt: Receipt) -> str:
    """What the surveyor reads: whether it arrived, and how much is left."""
    if receipt.arrival.state == Arrival.State.TEST:
        return _("Received as a test.")
    if receipt.arrival.state == Arrival.State.QUARANTINED:
        return _("Received. The office will look at it.")
    received = receipt.arrival.submission
    if received is None:
        return _("Received.")
    with connection.cursor() as cursor:
        cursor.execute(VISITED, [received.round_id, caller.user.pk])
        total, done = cursor.fetchone()
    if not total:
        return _("Received.")
    return ngettext(
        "Received. %(done)s of %(total)s parcel visited.",
        "Received. %(done)s of %(total)s parcels visited.",
        total,
    ) % {"done": done, "total": total}
