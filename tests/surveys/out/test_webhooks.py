"""Another program hears of records: signed, once each, and again until it answers."""

import base64
import hashlib
import hmac
import json
import socket
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from layers.geography.tenancy import set_tenant
from surveys.errors import WebhookRefused
from surveys.intake.receiving import Sender, receive
from surveys.models import Arrival, Webhook, WebhookDelivery, WebhookTown
from surveys.out import webhooks
from surveys.out.webhooks import add_webhook
from surveys.review.services import take_step
from tests.factories.accounts import staff
from tests.factories.forms import instance_xml, make_version, receiving_round
from tests.factories.geography import MunicipalityFactory

CANARY = "زهرة المكتومة"
ANSWERS = f"""<household_id>H1</household_id><interview_date>2026-04-18</interview_date>
<head_name>{CANARY}</head_name><persons>4</persons>"""


class Listener(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((dict(self.headers), body))
        self.send_response(self.server.answer)
        self.end_headers()

    def log_message(self, *words):
        """Silent."""


@pytest.fixture
def program():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    server.heard, server.answer = [], 204
    server.url = f"http://127.0.0.1:{server.server_port}/hook"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture
def round(town, settings):
    settings.DEMO = True
    return receiving_round(make_version(town))


def send(town, number=1):
    sender = Sender(
        municipality=town, by=staff(town, "surveyor"), channel=Arrival.Channel.PHONE
    )
    xml = instance_xml(ANSWERS, instance_id=f"uuid:w-{number}")
    return receive(sender=sender, content=xml).arrival.submission


def hook(round, program, **more):
    given = {"events": list(webhooks.EVENTS), "with_answers": False, "by": None} | more
    return add_webhook(form=round.form, url=program.url, **given)


def deliver(town):
    call_command("deliver_webhooks")
    set_tenant(town)


def test_events_arrive_once_each_and_signed(town, round, program):
    made = hook(round, program)
    record = send(town)
    take_step(submission=record, action="approve", by=staff(town, "data_manager"))
    deliver(town)
    deliver(town)
    told = [json.loads(body) for _headers, body in program.heard]
    assert [each["type"] for each in told] == [
        "submission.received",
        "submission.approved",
    ]
    assert told[0]["data"]["instanceId"] == "uuid:w-1"
    headers, body = program.heard[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(made.secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_only_chosen_events_of_enabled_webhooks_are_announced(town, round, program):
    hook(round, program, events=["submission.approved"])
    off = hook(round, program)
    webhooks.switch(webhook=off, enabled=False)
    send(town)
    assert not WebhookDelivery.objects.exists()


def test_answers_leave_without_names_and_only_where_it_was_chosen(town, round, program):
    hook(round, program, with_answers=True, events=["submission.received"])
    send(town)
    deliver(town)
    ((_headers, body),) = program.heard
    assert json.loads(body)["data"]["answers"]["persons"] == 4
    assert CANARY not in body.decode()


def test_a_program_that_is_down_is_tried_again_and_then_given_up(town, round, program):
    hook(round, program, events=["submission.received"])
    send(town)
    program.answer = 503
    for number in range(1, webhooks.MOST_TRIES + 1):
        WebhookDelivery.objects.update(next_try_at=timezone.now())
        deliver(town)
        delivery = WebhookDelivery.objects.get()
        assert (delivery.tries, delivery.last_status) == (number, 503)
    assert delivery.state == WebhookDelivery.State.GIVEN_UP
    assert len(program.heard) == webhooks.MOST_TRIES
    webhooks.send_again(delivery=delivery)
    program.answer = 200
    deliver(town)
    assert WebhookDelivery.objects.get().state == WebhookDelivery.State.DELIVERED


def test_it_waits_longer_each_time(town, round, program):
    hook(round, program, events=["submission.received"])
    send(town)
    program.answer = 500
    waits = []
    for _try in range(3):
        WebhookDelivery.objects.update(next_try_at=timezone.now())
        deliver(town)
        waits.append(WebhookDelivery.objects.get().next_try_at - timezone.now())
    assert timedelta(seconds=25) < waits[0] < waits[1] / 3 < waits[2] / 9


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://169.254.169.254/latest",
        "https://user:word@example.org/",
        "ftp://example.org/",
        "javascript:alert(1)",
        "https://",
        "https://no-such-name.invalid/",
    ],
)
def test_addresses_inside_or_without_https_are_refused(town, settings, url):
    settings.DEMO = False
    round = receiving_round(make_version(town))
    with pytest.raises(WebhookRefused):
        add_webhook(
            form=round.form,
            url=url,
            events=["submission.received"],
            with_answers=False,
            by=None,
        )


def test_a_name_that_moves_inside_later_is_not_spoken_to(
    town, round, program, settings, monkeypatch
):
    hook(round, program, events=["submission.received"])
    Webhook.objects.update(url="https://moves.example.org/")
    send(town)
    settings.DEMO = False
    inside = [(socket.AF_INET, 1, 6, "", ("10.0.0.5", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: inside)
    deliver(town)
    assert WebhookDelivery.objects.get().last_error == "WebhookRefused"
    assert program.heard == []


def test_a_name_that_moves_inside_at_its_second_look_up_is_not_spoken_to(
    town, round, program, settings, monkeypatch
):
    hook(round, program, events=["submission.received"])
    port = urlsplit(program.url).port
    Webhook.objects.update(url=f"https://moves.example.org:{port}/")
    send(town)
    settings.DEMO = False
    outside, inside = (
        [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]
        for address in ("93.184.216.34", "127.0.0.1")
    )
    answers = iter([outside, inside])
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: next(answers))
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    monkeypatch.delenv("https_proxy", raising=False)
    deliver(town)
    assert WebhookDelivery.objects.get().last_error == "WebhookRefused"
    assert program.heard == []


def test_a_redirect_is_not_followed(town, round, program):
    hook(round, program, events=["submission.received"])
    send(town)
    program.answer = 302
    deliver(town)
    assert len(program.heard) == 1
    assert WebhookDelivery.objects.get().last_status == 302


def test_the_worker_looks_only_into_towns_with_webhooks(town, round, program):
    for _number in range(20):
        MunicipalityFactory()
    made = hook(round, program)
    with CaptureQueriesContext(connection) as looked:
        call_command("deliver_webhooks")
    assert len(looked) < 10
    set_tenant(town)
    webhooks.switch(webhook=made, enabled=False)
    assert not WebhookTown.objects.exists()
    webhooks.switch(webhook=made, enabled=True)
    assert WebhookTown.objects.get().municipality == town


def test_of_a_silent_program_only_one_message_is_tried_at_a_time(town, round, program):
    hook(round, program, events=["submission.received"])
    for number in range(3):
        send(town, number)
    program.answer = 503
    deliver(town)
    assert len(program.heard) == 1
    program.answer = 200
    WebhookDelivery.objects.update(next_try_at=timezone.now())
    deliver(town)
    states = set(WebhookDelivery.objects.values_list("state", flat=True))
    assert states == {WebhookDelivery.State.DELIVERED}


def test_the_log_goes_back_a_month(town, round, program):
    hook(round, program, events=["submission.received"])
    send(town)
    deliver(town)
    WebhookDelivery.objects.update(finished_at=timezone.now() - timedelta(days=31))
    deliver(town)
    assert not WebhookDelivery.objects.exists()


def test_the_page_sends_again_on_demand(client, town, round, program):
    client.force_login(staff(town, "data_manager"))
    hook(round, program, events=["submission.received"])
    send(town)
    deliver(town)
    delivery = WebhookDelivery.objects.get()
    page = client.get(reverse("surveys:out:webhooks", args=[town.slug]))
    assert "Send again" in page.content.decode()
    client.post(reverse("surveys:out:again", args=[town.slug, delivery.pk]))
    deliver(town)
    assert len(program.heard) == 2
    first, second = (headers["webhook-id"] for headers, _body in program.heard)
    assert first == second


def test_the_page_shows_the_secret_once_and_the_log(client, town, round, program):
    client.force_login(staff(town, "data_manager"))
    address = reverse("surveys:out:webhooks", args=[town.slug])
    given = {
        "url": program.url,
        "form": round.form.code,
        "event": ["submission.received"],
    }
    page = client.post(address, given).content.decode()
    assert Webhook.objects.get().secret in page
    send(town)
    page = client.get(address).content.decode()
    assert Webhook.objects.get().secret not in page
    assert "submission.received" in page
    refused = client.post(address, {**given, "event": []})
    assert refused.status_code == 422
