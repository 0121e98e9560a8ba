"""The queue, and the front desk."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from gisportal.cases import workflow
from gisportal.cases.models import Case
from gisportal.cases.services import Reporter, today_in
from gisportal.service_requests.forms import DeskForm, QueueForm
from gisportal.service_requests.models import ServiceRequest, ServiceRequestQuerySet
from gisportal.service_requests.services import report_request
from layers.geography.access import TownRequest, requires

PER_PAGE = 25


@requires("service_requests.view_all")
def queue(request: TownRequest, municipality: str) -> HttpResponse:
    form = QueueForm(request.GET, municipality=request.municipality)
    wanted = form.cleaned_data if form.is_valid() else {}
    today = today_in(request.municipality)
    everything = ServiceRequest.objects.of(request.municipality).visible_to(
        request.user
    )
    found = _narrowed(everything, wanted, today).with_case()
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    return render(
        request,
        "service_requests/servicerequest_queue.html",
        {
            "form": form,
            "page": page,
            "query": query.urlencode(),
            "filtered": any(wanted.values()),
            "today": today,
            "open_count": everything.filter(case__status__in=workflow.OPEN).count(),
            "overdue_count": _narrowed(
                everything, {"status": QueueForm.OVERDUE}, today
            ).count(),
            "decides": request.user.has_perm(
                "service_requests.decide_public", request.municipality
            ),
        },
    )


def _narrowed(
    requests: Any, wanted: dict[str, Any], today: date
) -> ServiceRequestQuerySet:
    status = wanted.get("status") or QueueForm.OPEN
    if status in {QueueForm.OPEN, QueueForm.OVERDUE}:
        requests = requests.filter(case__status__in=workflow.OPEN)
    elif status != QueueForm.ALL:
        requests = requests.filter(case__status=status)
    if status == QueueForm.OVERDUE:
        requests = requests.filter(case__deadline__lt=today)
    if wanted.get("category"):
        requests = requests.filter(category=wanted["category"])
    if wanted.get("zone"):
        requests = requests.filter(case__zone=wanted["zone"])
    requests = requests.search(wanted.get("q", ""))
    return requests.order_by(*QueueForm.SORTS[wanted.get("sort") or "deadline"])


@requires("service_requests.view_all")
def register(request: TownRequest, municipality: str) -> HttpResponse:
    """What a walk-in or a caller brings, written down by the clerk."""
    form = DeskForm(
        request.POST or None,
        request.FILES or None,
        municipality=request.municipality,
    )
    if request.method == "POST" and form.is_valid() and form.place:
        answers = form.cleaned_data
        found = report_request(
            municipality=request.municipality,
            category=answers["category"],
            description=answers["description"],
            place=form.place,
            reporter=Reporter(
                name=answers["reporter_name"],
                phone=answers["reporter_phone"],
                language=get_language() or "ar",
            ),
            channel=Case.Channel(answers["channel"]),
            by=request.user,
            photo=answers["photo"],
        )
        messages.success(
            request,
            _("Registered. Give the resident this number: %(number)s")
            % {"number": found.case.number},
        )
        return redirect("service_requests:detail", municipality, found.case.number)
    return render(request, "service_requests/servicerequest_desk.html", {"form": form})
