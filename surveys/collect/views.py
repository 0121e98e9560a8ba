"""The form in the browser: one page that works without network, and what it asks for."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Any

from csp.constants import SELF
from csp.decorators import csp_update
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import FileResponse, Http404, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from layers.geography.access import TownRequest, requires
from layers.geography.models import Municipality
from surveys.collect.services import (
    Returned,
    addresses_of_parts,
    file_content,
    own_records,
    returned_arrival,
    returned_to,
    returned_xml,
    targets_of,
    usable_version,
    versions_for,
)
from surveys.collect.words import words
from surveys.households.phone_files import phone_files
from surveys.intake.attachments import Sent
from surveys.intake.keeping import kept_path
from surveys.intake.receiving import Receipt, Sender, receive
from surveys.models import Arrival, FormVersion, Target
from surveys.services import record_read

MAY = "surveys.upload_round"
XML_PART = "xml_submission_file"
XML = "text/xml; charset=utf-8"
MAX_FILES = 200
# What the engine of forms needs beyond the site's policy: it reads XPath with a parser
# in WebAssembly, which it carries as a data: address.
ENGINE_POLICY = {
    "script-src": [SELF, "'wasm-unsafe-eval'"],
    "connect-src": [SELF, "data:"],
    "media-src": [SELF, "blob:"],
}
BUILT = ("built/collect.js", "built/collect.css", "built/theme.js", "built/site.js")


def _url(municipality: Municipality, name: str, *more: Any) -> str:
    return reverse(f"surveys:collect:{name}", args=[municipality.slug, *more])


@require_GET
@requires(MAY)
@never_cache
@csp_update(ENGINE_POLICY)
def desk(request: TownRequest, municipality: str) -> HttpResponse:
    town = request.municipality
    settings = {
        "town": town.slug,
        "language": get_language(),
        "bounds": town.boundary.extent if town.boundary else None,
        "state": _url(town, "state"),
        "send": _url(town, "send"),
        "worker": _url(town, "worker"),
        "signIn": f"{reverse('account_login')}?next={request.path}",
        "words": words(),
    }
    return render(request, "surveys/collect.html", {"collect": settings})


@require_GET
@requires(MAY)
@never_cache
def state(request: TownRequest, municipality: str) -> JsonResponse:
    """Everything the device is to have: forms with the hashes of their files, parcels
    to visit, records to correct. Also the token for sending and the server's clock.
    """
    town, user = request.municipality, request.user
    return JsonResponse(
        {
            "now": timezone.now().isoformat(),
            "csrf": get_token(request),
            "user": {"id": str(user.pk), "name": str(user)},
            "forms": [_form(town, user, each) for each in versions_for(town, user)],
            "targets": [_target(each) for each in targets_of(town, user)],
            "own": [
                {"label": label, "count": count}
                for label, count in own_records(town, user)
            ],
            "returned": [_returned(town, each) for each in returned_to(town, user)],
        }
    )


def _form(town: Municipality, user: Any, version: FormVersion) -> dict[str, Any]:
    files = phone_files(municipality=town, surveyor=user, version=version)
    return {
        "id": version.pk,
        "code": version.form.code,
        "version": version.version,
        "title": version.form.name,
        "md5": version.md5,
        "url": _url(town, "form", version.pk),
        "parts": addresses_of_parts(version),
        "files": [
            {
                "name": file.name,
                "md5": file.md5,
                "url": _url(town, "file", version.pk, file.name),
            }
            for file in files
        ],
    }


def _target(target: Target) -> dict[str, Any]:
    middle = target.parcel.geometry.centroid
    return {
        "parcel": target.parcel.code,
        "form": target.round.form_id and str(target.round.form.code),
        "round": target.round.name,
        "outcome": target.outcome,
        "outcomeName": target.get_outcome_display(),
        "at": [round(middle.x, 6), round(middle.y, 6)],
    }


def _returned(town: Municipality, each: Returned) -> dict[str, Any]:
    record = each.submission
    return {
        "id": record.pk,
        "form": record.version_id,
        "household": record.household.code,
        "householdKey": str(record.household.uuid),
        "parcel": record.parcel.code if record.parcel else "",
        "comments": [
            {"question": about, "note": note} for about, note in each.comments
        ],
        "url": _url(town, "returned", record.pk) if each.editable else "",
    }


@require_GET
@requires(MAY)
def form(request: TownRequest, municipality: str, version: int) -> HttpResponse:
    found = usable_version(request.municipality, version)
    return HttpResponse(found.xform.encode(), content_type=XML)


@require_GET
@requires(MAY)
@never_cache
def file(
    request: TownRequest, municipality: str, version: int, name: str
) -> HttpResponse:
    found, content = file_content(
        municipality=request.municipality,
        surveyor=request.user,
        version=usable_version(request.municipality, version),
        name=name.replace("\x00", ""),
    )
    return HttpResponse(content, content_type=found.content_type)


@require_GET
@requires(MAY)
@never_cache
def returned(request: TownRequest, municipality: str, pk: int) -> JsonResponse:
    """A record to be corrected: its XML and the addresses of its files."""
    submission, arrival = returned_arrival(
        municipality=request.municipality, surveyor=request.user, pk=pk
    )
    record_read(submission=submission, reader=request.user)
    files = arrival.attachments.exclude(sha256="").values_list("name", flat=True)
    return JsonResponse(
        {
            "xml": returned_xml(submission, arrival),
            "form": submission.version_id,
            "files": [
                {
                    "name": name,
                    "url": _url(request.municipality, "returned_file", pk, name),
                }
                for name in files
            ],
        }
    )


@require_GET
@requires(MAY)
@never_cache
def returned_file(
    request: TownRequest, municipality: str, pk: int, name: str
) -> FileResponse:
    _submission, arrival = returned_arrival(
        municipality=request.municipality, surveyor=request.user, pk=pk
    )
    kept = (
        arrival.attachments.filter(name=name.replace("\x00", ""))
        .exclude(sha256="")
        .first()
    )
    if kept is None:
        raise Http404
    path = kept_path(request.municipality.pk, kept.sha256)
    return FileResponse(path.open("rb"), content_type=kept.content_type)


@require_POST
@requires(MAY)
def send(request: TownRequest, municipality: str) -> JsonResponse:
    """Takes what the outbox sends, as often as it sends it: the same bytes are one record."""
    try:
        answers = request.FILES.get(XML_PART)
        sent = [
            Sent(each.name or "", each.read())
            for _name, group in request.FILES.lists()
            for each in group[:MAX_FILES]
            if each is not answers
        ]
    except (MultiPartParserError, RequestDataTooBig, SuspiciousOperation):
        words = _("The transmission broke off. Send it again.")
        return JsonResponse({"message": words}, status=400)
    content = answers.read() if answers else b""
    if not content:
        words = _("The transmission has no answers in it. Send it again.")
        return JsonResponse({"message": words}, status=400)
    sender = Sender(
        municipality=request.municipality,
        by=request.user,
        channel=Arrival.Channel.BROWSER,
        device=request.headers.get("User-Agent", ""),
    )
    receipt = receive(sender=sender, content=content, files=sent)
    return JsonResponse(
        {"message": _said(receipt)},
        status=409 if receipt.refused else 202 if receipt.repeated else 201,
    )


def _said(receipt: Receipt) -> str:
    if receipt.refused:
        return _(
            "Another record with the same ID is already here. Both are kept; tell the "
            "office."
        )
    if receipt.arrival.state == Arrival.State.QUARANTINED:
        return _("Received. The office will look at it.")
    return _("Received.")


@require_GET
@requires(MAY)
def manifest(request: TownRequest, municipality: str) -> JsonResponse:
    """For installing the page on the phone's first screen."""
    home = _url(request.municipality, "desk")
    return JsonResponse(
        {
            "id": home,
            "name": _("Survey of %(town)s") % {"town": request.municipality.name},
            "short_name": _("Survey"),
            "lang": get_language(),
            "dir": "rtl" if get_language_bidi() else "ltr",
            "start_url": home,
            "scope": home,
            "display": "standalone",
            "background_color": "#faf8f4",
            "theme_color": "#1f6f5c",
            "icons": [
                {
                    "src": static("seal.svg"),
                    "sizes": "any",
                    "type": "image/svg+xml",
                    "purpose": "any",
                },
                *(
                    {
                        "src": static(f"seal-{size}.png"),
                        "sizes": f"{size}x{size}",
                        "type": "image/png",
                        "purpose": "any maskable",
                    }
                    for size in (192, 512)
                ),
            ],
        },
        content_type="application/manifest+json",
    )


@cache
def _version_of(files: tuple[str, ...]) -> str:
    """Changes with any file, because built files carry the hash of their content."""
    return hashlib.sha256("\n".join(files).encode()).hexdigest()[:12]


@require_GET
@requires(MAY)
@never_cache
def worker(request: TownRequest, municipality: str) -> HttpResponse:
    """The service worker. Served beside the page, because its folder is its scope."""
    base = "built/base-rtl.css" if get_language_bidi() else "built/base.css"
    files = tuple(static(name) for name in (*BUILT, base, "seal.svg"))
    given = {
        "town": request.municipality.slug,
        "version": _version_of(files),
        "page": _url(request.municipality, "desk"),
        "files": files,
    }
    return render(
        request,
        "surveys/collect_worker.js",
        {"given": mark_safe(json.dumps(given))},  # noqa: S308 - addresses of ours
        content_type="text/javascript; charset=utf-8",
    )
