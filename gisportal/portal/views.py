from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from layers.geography.models import Municipality


def directory(request: HttpRequest) -> HttpResponse:
    municipalities = Municipality.objects.all()
    return render(request, "portal/directory.html", {"municipalities": municipalities})


@login_required
def start(request: HttpRequest) -> HttpResponse:
    """After signing in: straight to the only town, else to the choice."""
    own = Municipality.objects.filter(memberships__user=request.user).distinct()
    if len(own) == 1:
        return redirect("portal:home", municipality=own[0].slug)
    return redirect("portal:directory")


def home(request: HttpRequest, municipality: str) -> HttpResponse:
    return render(request, "portal/home.html")
