import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
import requests
from django.conf import settings as configured
from django.urls import reverse

from gisportal.billing.gateways.signature import sign
from gisportal.billing.models import Account, Bill, Callback, Payment, Receipt
from layers.geography.tenancy import set_tenant, tenant
from tests.factories.accounts import UserFactory, staff
from tests.factories.billing import AccountFactory, bill
from tests.factories.geography import MunicipalityFactory
from tests.gisportal.billing.conftest import SECRET

CARD = "4242 4242 4242 4242"


def at(name: str, town, *arguments: str) -> str:
    address = reverse(f"billing:{name}", args=[town.slug, *arguments])
    return address.replace("/ar/", "/en/", 1)


@pytest.fixture
def pay(client, town, account, simulator, settings, django_capture_on_commit_callbacks):
    """Pay an amount with a card and come back; the page that then shows."""
    settings.PUBLIC_URL = "http://127.0.0.1:9"  # nobody listens: no callback arrives

    def run(amount: str, *, card: str = CARD, act: str = "pay"):
        client.force_login(account.holder)
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post(at("pay", town, account.number), {"amount": amount})
        assert answer.status_code == 302, answer.content.decode()
        page = client.get(answer.url).url
        assert page.startswith(f"{simulator}/pay/")
        back = requests.post(
            page, data={"act": act, "card": card}, allow_redirects=False, timeout=9
        ).headers["Location"]
        with django_capture_on_commit_callbacks(execute=True):
            client.get(back)
        return client.get(
            at("payment", town, Payment.objects.latest("pk").reference), follow=True
        )

    return run


def test_a_card_pays_a_bill_and_a_receipt_appears(pay, town, account):
    bill(account, 500)
    page = pay("500").content.decode()
    assert "Paid:" in page
    assert "R-" in page
    assert Bill.objects.with_balance().get().balance_minor == 0


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"act": "refuse"}, "The card was refused."),
        ({"card": "4000 0000 0000 0002"}, "The card was refused."),
        ({"act": "cancel"}, "This payment was cancelled."),
        ({"card": "4000 0000 0000 0259"}, "needs a look by the cashier"),
    ],
)
def test_what_is_not_paid_says_so_and_changes_nothing(pay, account, how, said):
    bill(account, 500)
    assert said in pay("500", **how).content.decode()
    assert Receipt.objects.count() == 0
    assert Bill.objects.with_balance().get().balance_minor == 500


def test_a_return_that_nobody_paid_for_settles_nothing(
    client, town, account, simulator, django_capture_on_commit_callbacks
):
    bill(account, 500)
    client.force_login(account.holder)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(at("pay", town, account.number), {"amount": "500"})
    reference = Payment.objects.get().reference
    with django_capture_on_commit_callbacks(execute=True):
        client.get(at("return", town, reference) + "?status=paid&amount=500")
    page = client.get(at("payment", town, reference) + "?back=1").content.decode()
    assert "We are asking the payment service." in page
    assert Receipt.objects.count() == 0


def test_a_gateway_that_is_away_takes_nothing_and_says_so(
    client, town, account, settings, simulator, django_capture_on_commit_callbacks
):
    settings.GATEWAYS["local"]["url"] = "http://127.0.0.1:9"
    bill(account, 500)
    client.force_login(account.holder)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(at("pay", town, account.number), {"amount": "500"})
    page = client.get(answer.url, follow=True).content.decode()
    assert "The payment service does not answer." in page
    settings.GATEWAYS["local"]["url"] = simulator
    with django_capture_on_commit_callbacks(execute=True):
        client.post(at("resume", town, Payment.objects.get().reference))
    assert client.get(answer.url).url.startswith(simulator)


def hook(client, town, body: dict, *, secret: str = SECRET, age: int = 0):
    raw = json.dumps(body).encode()
    return client.post(
        f"/hooks/{town.slug}/payments/local/",
        raw,
        content_type="application/json",
        headers={
            "X-Signature": sign(body=raw, secret=secret, now=int(time.time()) - age)
        },
    )


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"secret": "guessed"}, "signature does not fit"),
        ({"age": 400}, "signature too old"),
    ],
)
def test_a_forged_or_stale_callback_is_refused_and_not_kept(
    client, town, simulator, how, said
):
    answer = hook(client, town, {"event": "e1", "reference": "R"}, **how)
    assert answer.status_code == 400
    assert said in answer.json()["error"]
    assert Callback.objects.count() == 0


def test_a_callback_is_kept_once_byte_for_byte(client, town, simulator):
    body = {"event": "e1", "reference": "UNKNOWN"}
    assert [hook(client, town, body).status_code for _time in range(3)] == [200] * 3
    set_tenant(town)
    assert bytes(Callback.objects.get().body) == json.dumps(body).encode()


@pytest.mark.parametrize("body", [{}, {"event": 1, "reference": "x"}, [], "text", None])
def test_a_signed_callback_without_sense_is_refused(client, town, simulator, body):
    assert hook(client, town, body).status_code == 400


def test_nobody_sees_or_pays_the_bills_of_another(client, town, account, gateway):
    owed = bill(account, 500)
    client.force_login(UserFactory())
    assert client.get(at("detail", town, owed.number)).status_code == 404
    answer = client.post(at("pay", town, account.number), {"amount": "5"})
    assert answer.status_code == 404
    assert owed.number not in client.get(at("list", town)).content.decode()


def test_a_cashier_of_another_town_finds_nothing(client, town, account):
    owed = bill(account, 500)
    elsewhere = MunicipalityFactory()
    client.force_login(staff(elsewhere, "cashier"))
    assert client.get(at("detail", town, owed.number)).status_code == 404
    assert client.get(at("detail", elsewhere, owed.number)).status_code == 404
    assert client.get(at("account", town, account.number)).status_code == 403


def test_my_bills_name_the_amount_and_the_next_step(client, town, account, gateway):
    bill(account, 1_950_000, due_on=date(2026, 12, 30))
    bill(account, 900_000, due_on=date(2026, 12, 31))
    client.force_login(account.holder)
    page = client.get(at("list", town)).content.decode()
    assert "2,850,000\u00a0LBP" in page
    oldest = client.get(at("list", town) + "?pay=oldest").content.decode()
    assert 'name="amount" value="1950000"' in oldest


def test_a_typing_error_stands_beside_its_field(client, town, account, gateway):
    bill(account, 500)
    client.force_login(account.holder)
    answer = client.post(at("pay", town, account.number), {"amount": "12,5"})
    assert answer.status_code == 422
    assert "This is no amount. Write it like 1,250,500." in answer.content.decode()
    answer = client.post(at("pay", town, account.number), {"amount": "501"})
    assert "That is more than you owe." in answer.content.decode()


def test_the_cashier_takes_cash_and_issues_a_bill_once_confirmed(client, town, account):
    client.force_login(staff(town, "cashier"))
    lines = {
        "period": "2026",
        "due_on": "2199-01-01",
        "lines-TOTAL_FORMS": "2",
        "lines-INITIAL_FORMS": "0",
        "lines-0-kind": "rental_value",
        "lines-0-amount": "700",
        "lines-1-kind": "rental_value",
        "lines-1-amount": "",
    }
    page = client.post(at("issue", town, account.number), lines)
    assert "Issue the bill of" in page.content.decode()
    assert Bill.objects.count() == 0
    client.post(at("issue", town, account.number), {**lines, "confirmed": "700"})
    assert Bill.objects.get().total_minor == 700
    answer = client.post(
        at("cash", town, account.number), {"amount": "1000", "reference": "C" * 20}
    )
    page = client.get(answer.url).content.decode()
    assert "Credit for later bills" in page
    found = Account.objects.with_totals().get()
    assert (found.due_minor, found.credit_minor) == (0, 300)


def test_a_receipt_is_a_pdf_and_anyone_can_verify_it(pay, client, town, account):
    bill(account, 500)
    pay("500")
    receipt = Receipt.objects.get()
    pdf = client.get(at("receipt_pdf", town, receipt.number).replace("/en/", "/ar/"))
    assert pdf.content.startswith(b"%PDF-")
    client.logout()
    page = client.get(at("verify", town, receipt.code)).content.decode()
    assert "Genuine" in page
    assert receipt.number in page
    assert account.holder_name not in page
    assert account.number not in page
    unknown = client.get(at("verify", town, "NOTHING"))
    assert unknown.status_code == 404
    assert "Not genuine" in unknown.content.decode()


@pytest.mark.slow
def test_the_whole_way_over_http_with_forty_callbacks_beside_it(
    shop, simulator, client
):
    """Browser, shop and gateway as three programs: one settlement, whoever comes first."""
    town = MunicipalityFactory()
    user = UserFactory()
    with tenant(town):
        account = AccountFactory(municipality=town, holder=user)
        bill(account, 500)
    client.force_login(user)
    cookie = {configured.SESSION_COOKIE_NAME: client.session.session_key}
    page = requests.get(shop + at("list", town), cookies=cookie, timeout=20)
    token = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    hosted = requests.post(
        shop + at("pay", town, account.number),
        data={"amount": "500", "csrfmiddlewaretoken": token},
        cookies={**cookie, **page.cookies.get_dict()},
        timeout=20,
    )
    assert hosted.url.startswith(simulator)
    with tenant(town):
        reference = Payment.objects.get().reference
    body = json.dumps({"event": "evt_same", "reference": reference}).encode()
    header = {"X-Signature": sign(body=body, secret=SECRET, now=int(time.time()))}

    def call_back(_number: int) -> int:
        return requests.post(
            f"{shop}/hooks/{town.slug}/payments/local/",
            data=body,
            headers=header,
            timeout=60,
        ).status_code

    with ThreadPoolExecutor(20) as pool:
        early = pool.submit(call_back, 0)
        assert early.result() == 200
        paid = pool.submit(
            requests.post,
            hosted.url,
            data={"act": "pay", "card": CARD},
            allow_redirects=False,
            timeout=20,
        )
        codes = list(pool.map(call_back, range(40)))
    back = requests.get(paid.result().headers["Location"], cookies=cookie, timeout=20)
    assert set(codes) == {200}
    assert "/receipts/R-" in back.url
    with tenant(town):
        assert Receipt.objects.count() == 1
        assert Account.objects.with_totals().get().credit_minor == 0
        assert Callback.objects.filter(event="evt_same").count() == 1
