from __future__ import annotations

import base64

import pytest
from django.urls import reverse

from tests.factories.accounts import staff

PASSWORD = "صيف-طويل-1987"


@pytest.fixture
def program(client, town, settings):
    """Requests of a data manager's script."""
    settings.DEMO = True
    user = staff(town, "data_manager")
    user.set_password(PASSWORD)
    user.save()
    secret = base64.b64encode(f"{user.email}:{PASSWORD}".encode()).decode()

    def ask(method, name, *args, data=None, **query):
        return client.generic(
            method,
            reverse(f"api:{name}", args=[town.pk, *args]),
            data if isinstance(data, bytes) else b"",
            content_type="application/json",
            headers={"Authorization": f"Basic {secret}"},
            query_params=query,
        )

    return ask
