"""Programs that send a password with every request."""

import base64

import pytest
from django.contrib.auth import hashers
from django.urls import reverse

from surveys.out import access
from tests.factories.accounts import staff

PASSWORD = "صيف-طويل-1987"


@pytest.fixture
def user(town, settings):
    settings.DEMO = True
    made = staff(town, "data_manager")
    made.set_password(PASSWORD)
    made.save()
    return made


@pytest.fixture
def checks(monkeypatch):
    """Counts how often a password is hashed."""
    made = []
    for hasher in {type(each) for each in hashers.get_hashers()}:
        monkeypatch.setattr(hasher, "verify", counted_for(hasher, made))
    return made


def counted_for(hasher, made):
    verify = hasher.verify

    def counted(self, password, encoded):
        made.append(1)
        return verify(self, password, encoded)

    return counted


def ask(client, user, password=PASSWORD):
    secret = base64.b64encode(f"{user.email}:{password}".encode()).decode()
    return client.get(
        reverse("api:current_user"), headers={"Authorization": f"Basic {secret}"}
    ).status_code


def test_a_password_that_fitted_is_hashed_once(client, user, checks):
    assert [ask(client, user) for _page in range(5)] == [200] * 5
    assert len(checks) == 1


def test_another_password_or_a_closed_account_ends_it_at_once(client, user):
    assert ask(client, user) == 200
    user.set_password("جديدة-تماماً-77")
    user.save()
    assert ask(client, user) == 401
    assert ask(client, user, "جديدة-تماماً-77") == 200
    user.is_active = False
    user.save()
    assert ask(client, user, "جديدة-تماماً-77") == 401


def test_it_is_forgotten_after_five_minutes(client, user, checks, monkeypatch):
    assert ask(client, user) == 200
    now = access.time.monotonic()
    monkeypatch.setattr(access.time, "monotonic", lambda: now + 301)
    assert ask(client, user) == 200
    assert len(checks) == 2


def test_the_password_itself_is_not_what_is_remembered(client, user):
    ask(client, user)
    kept = repr(access._verified)
    assert PASSWORD not in kept
    assert user.email not in kept


def test_ten_wrong_tries_lock_out_a_right_one_too(client, user):
    assert ask(client, user) == 200
    assert {ask(client, user, f"wrong {number}") for number in range(10)} == {401}
    assert ask(client, user) == 401
