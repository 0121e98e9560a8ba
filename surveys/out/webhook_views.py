"""Pages on which a data manager says who hears of records, and sees what they heard."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from layers.geography.access import TownRequest, requires
from surveys.errors import WebhookRefused
from surveys.models import Form, Webhook, WebhookDelivery
from surveys.out.webhooks import EVENTS, add_webhook, send_again, switch

MAY = "surveys.export_submission"
PAGE_SIZE = 50


@require_http_methods(["GET", "POST"])
@requires(MAY)
def webhooks(request: TownRequest, municipality: str) -> HttpResponse:
    """The list and its log; a new one's secret is shown once, in the answer to the post."""
    forms = Form.objects.of(request.municipality).filter(retired_at=None)
    made, refused = None, ""
    if request.method == "POST":
        form = forms.filter(
            code=request.POST.get("form", "").replace("\x00", "")
        ).first()
        try:
            if form is None:
                raise WebhookRefused(_("Choose a questionnaire from the list."), "form")
            made = add_webhook(
                form=form,
                url=request.POST.get("url", "").replace("\x00", "").strip()[:500],
                events=request.POST.getlist("event"),
                with_answers="with_answers" in request.POST,
                by=request.user,
            )
        except WebhookRefused as error:
            refused = " ".join(error.messages)
    own = Webhook.objects.of(request.municipality).visible_to(request.user)
    log = (
        WebhookDelivery.objects.of(request.municipality)
        .visible_to(request.user)
        .select_related("webhook", "submission__household")
    )
    context = {
        "forms": forms,
        "events": EVENTS.items(),
        "webhooks": own.select_related("form").order_by("-pk"),
        "made": made,
        "refused": refused,
        "given": request.POST if refused else {},
        "page_of": Paginator(log, PAGE_SIZE).get_page(request.GET.get("page")),
    }
    return render(
        request, "surveys/webhooks.html", context, status=422 if refused else 200
    )


@require_POST
@requires(MAY)
def webhook_switch(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    own = Webhook.objects.of(request.municipality).visible_to(request.user)
    webhook = get_object_or_404(own, pk=pk)
    switch(webhook=webhook, enabled="on" in request.POST)
    return redirect("surveys:out:webhooks", municipality)


@require_POST
@requires(MAY)
def delivery_again(request: TownRequest, municipality: str, pk: int) -> HttpResponse:
    log = WebhookDelivery.objects.of(request.municipality).visible_to(request.user)
    send_again(delivery=get_object_or_404(log, pk=pk))
    messages.success(request, _("It is sent again within a minute."))
    return redirect("surveys:out:webhooks", municipality)
