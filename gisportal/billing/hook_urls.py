"""Addresses without a language, for other servers."""

from django.conf import settings
from django.urls import path

from gisportal.billing.views import hooks

urlpatterns = [
    path(
        "hooks/<slug:municipality>/payments/<slug:gateway>/",
        hooks.callback,
        name="payment_callback",
    )
]
if settings.DEMO:
    urlpatterns.append(
        path("demo-gateway/<path:path>", hooks.demo_gateway, name="demo_gateway")
    )
