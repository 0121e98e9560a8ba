"""Questionnaires: uploaded as XLSForms, tried out, published, compared, retired."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from layers.geography.access import TownRequest, requires
from surveys.errors import FormRefused
from surveys.intake.access import issue_access, server_address, settings_qr
from surveys.models import Arrival, Form, FormVersion
from surveys.questionnaires.compiling import KINDS, MAX_BYTES
from surveys.questionnaires.difference import changes_between
from surveys.questionnaires.library import LIBRARY
from surveys.questionnaires.matching import match
from surveys.questionnaires.media import (
    MAX_BYTES as MAX_MEDIA_BYTES,
)
from surveys.questionnaires.media import add_media, drop_media, wanted_media
from surveys.questionnaires.problems import FormProblem
from surveys.questionnaires.services import (
    add_version,
    bring_back_form,
    install_library_form,
    publish_version,
    retire_form,
)
from surveys.questionnaires.structure import Question, Structure

PAGE_SIZE = 50
TESTS_SHOWN = 20
NO_PART = "no_part"


def _form(request: TownRequest, code: str) -> Form:
    forms = Form.objects.of(request.municipality).visible_to(request.user)
    return get_object_or_404(forms, code=code.replace("\x00", ""))


def _version(request: TownRequest, pk: int) -> FormVersion:
    versions = FormVersion.objects.of(request.municipality).visible_to(request.user)
    return get_object_or_404(versions.select_related("form"), pk=pk)


def _to_version(request: TownRequest, version: FormVersion) -> HttpResponse:
    return redirect("surveys:forms:version", request.municipality.slug, version.pk)


@require_GET
@requires("surveys.design_form")
def form_list(request: TownRequest, municipality: str) -> HttpResponse:
    forms = Form.objects.of(request.municipality).visible_to(request.user)
    page = Paginator(forms.order_by("retired_at", "code"), PAGE_SIZE)
    have = set(forms.values_list("code", flat=True))
    return render(
        request,
        "surveys/form_list.html",
        {
            "page_of": page.get_page(request.GET.get("page")),
            "library": [
                (form, form.names.get(get_language() or "ar", form.code))
                for form in LIBRARY.values()
                if form.code not in have
            ],
        },
    )


@require_POST
@requires("surveys.design_form")
def install(request: TownRequest, municipality: str) -> HttpResponse:
    code = request.POST.get("code", "")
    if code not in LIBRARY:
        messages.error(request, _("There is no such questionnaire in the library."))
        return redirect("surveys:forms:list", municipality)
    version = install_library_form(
        municipality=request.municipality, code=code, by=request.user
    )
    messages.success(request, _("Added. A round can be opened with it."))
    return _to_version(request, version)


@require_http_methods(["GET", "POST"])
@requires("surveys.design_form")
def upload(request: TownRequest, municipality: str) -> HttpResponse:
    problems: list[FormProblem] = []
    file = request.FILES.get("form")
    if request.method == "POST" and file is None:
        problems = [FormProblem("empty")]
    elif file is not None and (file.size or 0) > MAX_BYTES:
        problems = [FormProblem("too_large", params={"limit": MAX_BYTES // 1024**2})]
    elif file is not None:
        try:
            version = add_version(
                municipality=request.municipality,
                content=file.read(),
                name=file.name,
                by=request.user,
                validate=True,
            )
        except FormRefused as error:
            problems = list(error.problems)
        else:
            return _to_version(request, version)
    return render(
        request, "surveys/form_upload.html", {"problems": problems, "kinds": KINDS}
    )


@require_GET
@requires("surveys.design_form")
def detail(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    form = _form(request, code)
    return render(
        request,
        "surveys/form_detail.html",
        {
            "form": form,
            "versions": form.versions.defer("xform", "tables", "source", "remarks"),
            "rounds": form.rounds.all(),
        },
    )


@require_GET
@requires("surveys.design_form")
def version(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    """The whole form to read, with what was remarked about it."""
    found = _version(request, pk)
    language = request.GET.get("language", get_language() or "ar")
    structure = found.structure
    former = (
        found.form.versions.filter(published_at__isnull=False)
        .exclude(pk=found.pk)
        .filter(created_at__lt=found.created_at)
        .order_by("-published_at")
        .first()
    )
    tests = Arrival.objects.of(request.municipality).filter(
        state=Arrival.State.TEST,
        form_code=found.form.code,
        form_version=found.version,
    )
    # Versions from before parts were chosen on a page have them among the remarks.
    remarks = [FormProblem(**each) for each in found.remarks if each["code"] != NO_PART]
    return render(
        request,
        "surveys/form_version.html",
        {
            "version": found,
            "tables": _readable(structure, language),
            "languages": structure.languages,
            "language": language,
            "remarks": remarks,
            "missing": match(structure, found.parts, found.variables).missing,
            "former": former,
            "media": wanted_media(found),
            "tests": tests.select_related("by").defer("content")[:TESTS_SHOWN],
        },
    )


@require_POST
@requires("surveys.design_form")
def media(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    """Files for a draft, several at once; or, by `drop`, one taken away."""
    found = _version(request, pk)
    drop = request.POST.get("drop", "").replace("\x00", "")
    files = request.FILES.getlist("media")
    try:
        if drop:
            drop_media(version=found, name=drop)
        for file in files:
            # One byte more than allowed is enough to know that it is too large.
            content = file.read(MAX_MEDIA_BYTES + 1)
            add_media(version=found, name=file.name, content=content)
    except FormRefused as error:
        messages.error(request, " ".join(error.messages))
    else:
        if not files and not drop:
            messages.error(request, _("Choose a file first."))
    return _to_version(request, found)


def _readable(structure: Structure, language: str) -> list[dict[str, Any]]:
    def told(labels: dict[str, str]) -> str:
        return structure.in_language(labels, language)

    def line(question: Question) -> dict[str, Any]:
        choices = structure.choices.get(question.choices, ())
        return {
            "question": question,
            "label": told(question.labels),
            "hint": told(question.hints),
            "choices": [(each.value, told(each.labels)) for each in choices],
        }

    return [
        {
            "name": table.name,
            "label": told(table.labels),
            "questions": [line(each) for each in table.questions],
        }
        for table in structure.tables
    ]


@require_GET
@requires("surveys.design_form")
def difference(
    request: TownRequest, municipality: str, pk: int, former: int
) -> HttpResponse:
    new, old = _version(request, pk), _version(request, former)
    found = changes_between(old.structure, new.structure)
    return render(
        request,
        "surveys/form_difference.html",
        {
            "old": old,
            "new": new,
            "changes": found,
            "breaks": [change for change in found if change.breaks],
        },
    )


@require_POST
@requires("surveys.design_form")
def publish(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    found = _version(request, pk)
    try:
        publish_version(version=found)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Published. Rounds can be opened with it."))
    return _to_version(request, found)


@require_POST
@requires("surveys.design_form")
def retire(request: TownRequest, municipality: str, code: str) -> HttpResponse:
    form = _form(request, code)
    try:
        if form.retired_at:
            bring_back_form(form=form)
        else:
            retire_form(form=form)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("surveys:forms:detail", municipality, code)


@require_POST
@requires("surveys.design_form")
def trial(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    """A code for one phone that sees this draft alone; what it sends is no survey."""
    found = _version(request, pk)
    access, token = issue_access(
        municipality=request.municipality,
        surveyor=request.user,
        language=request.LANGUAGE_CODE,
        by=request.user,
        draft=found,
    )
    address = server_address(municipality=request.municipality, token=token)
    code = settings_qr(access=access, address=address)
    return render(
        request,
        "surveys/form_trial.html",
        {
            "version": found,
            "address": address,
            "picture": code.svg_data_uri(scale=4, border=2),
        },
    )


@require_GET
@requires("surveys.design_form")
def source(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    found = _version(request, pk)
    kind = found.source_name.rpartition(".")[2] or "xlsx"
    name = f"{found.form.code}-{found.version}.{kind}"
    return _attachment(bytes(found.source), name)


@require_GET
@requires("surveys.design_form")
def xform(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    found = _version(request, pk)
    return _attachment(found.xform.encode(), f"{found.form.code}-{found.version}.xml")


def _attachment(content: bytes, name: str) -> HttpResponse:
    plain = "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in name)
    plain = plain.encode("ascii", "replace").decode().replace("?", "_")
    headers = {"Content-Disposition": f'attachment; filename="{plain}"'}
    return HttpResponse(
        content, content_type="application/octet-stream", headers=headers
    )
