"""A person's keys for programs: made, shown once, revoked."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from gisportal.accounts.forms import KeyForm
from gisportal.accounts.models import ApiKey
from gisportal.accounts.services import issue_key, revoke_key


@require_http_methods(["GET", "POST"])
@login_required
@never_cache
def keys(request: HttpRequest) -> HttpResponse:
    """A new key stands on the answer to its form, and nowhere afterwards."""
    form, issued = KeyForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        row, key = issue_key(user=request.user, **form.cleaned_data)
        issued, form = {"row": row, "key": key}, KeyForm()
    rows = ApiKey.objects.visible_to(request.user)
    context = {"form": form, "issued": issued, "rows": rows}
    return render(request, "accounts/keys.html", context)


@require_POST
@login_required
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    own = ApiKey.objects.visible_to(request.user)
    revoke_key(key=get_object_or_404(own, pk=pk))
    messages.success(request, _("The key no longer opens anything."))
    return redirect("accounts:keys")
