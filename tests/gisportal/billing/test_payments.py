import itertools
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from gisportal.billing.errors import InvalidPayment
from gisportal.billing.gateways.base import Answer
from gisportal.billing.ledger import Kind
from gisportal.billing.models import (
    Account,
    Bill,
    LedgerEntry,
    Payment,
    PaymentEvent,
    Receipt,
)
from gisportal.billing.payments import (
    cancel_payment,
    check_payment,
    open_order,
    reconcile,
    start_payment,
    take_cash,
)
from layers.geography.tenancy import tenant
from tests.factories.accounts import UserFactory, staff
from tests.factories.billing import AccountFactory, bill
from tests.factories.geography import MunicipalityFactory
from tests.gisportal.billing.conftest import lbp

pytestmark = pytest.mark.usefixtures("in_english")


def begin(account: Account, minor: int) -> Payment:
    payment = start_payment(
        account=account, amount=lbp(minor), by=account.holder, language="ar"
    )
    open_order(
        municipality=account.municipality,
        reference=payment.reference,
        return_url="https://town.example/back",
        notify_url="https://town.example/hook",
    )
    return payment


def check(payment: Payment) -> str:
    return check_payment(
        municipality=payment.municipality, reference=payment.reference, source="test"
    ).status


def totals(account: Account) -> tuple[int, int]:
    found = Account.objects.with_totals().get(pk=account.pk)
    return found.due_minor, found.credit_minor


def test_a_paid_order_settles_the_oldest_bill_first(account, gateway):
    newer = bill(account, 500)
    older = bill(account, 300)
    assert newer.due_on == older.due_on
    payment = begin(account, 600)
    assert check(payment) == "pending"
    gateway.says(payment.reference, Answer.PAID)
    assert check(payment) == "settled"
    balances = {row.pk: row.balance_minor for row in Bill.objects.with_balance()}
    assert balances == {newer.pk: 0, older.pk: 200}
    assert Receipt.objects.get().payment == payment


def test_asking_again_settles_nothing_twice(account, gateway):
    bill(account, 500)
    payment = begin(account, 500)
    gateway.says(payment.reference, Answer.PAID)
    for _time in range(5):
        check(payment)
    assert gateway.asked == 1
    assert (Receipt.objects.count(), totals(account)) == (1, (0, 0))


def test_a_wrong_amount_settles_nothing_and_goes_to_the_cashier(account, gateway):
    bill(account, 500)
    payment = begin(account, 500)
    gateway.says(payment.reference, Answer.PAID, amount=lbp(499))
    assert check(payment) == "mismatched"
    assert PaymentEvent.objects.last().detail["reason"] == "amount"
    assert (Receipt.objects.count(), totals(account)) == (0, (500, 0))


def test_another_currency_is_another_amount(account, gateway):
    bill(account, 500)
    payment = begin(account, 500)
    gateway.says(payment.reference, Answer.PAID, amount=type(lbp(1))(500, "USD"))
    assert check(payment) == "mismatched"


def test_one_transaction_of_the_gateway_pays_once(account, gateway):
    bill(account, 500)
    first = begin(account, 200)
    gateway.says(first.reference, Answer.PAID, transaction="same")
    check(first)
    second = begin(account, 300)
    gateway.says(second.reference, Answer.PAID, transaction="same")
    assert check(second) == "mismatched"
    assert totals(account) == (300, 0)


def test_money_that_arrives_after_cash_becomes_credit(account, gateway, town):
    bill(account, 500)
    payment = begin(account, 500)
    take_cash(
        account=account,
        amount=lbp(500),
        by=staff(town, "cashier"),
        reference="C" * 20,
    )
    gateway.says(payment.reference, Answer.PAID)
    assert check(payment) == "settled"
    assert totals(account) == (0, 500)


def test_a_second_payment_waits_for_the_first(account, gateway):
    bill(account, 500)
    begin(account, 100)
    with pytest.raises(InvalidPayment, match="already on its way"):
        begin(account, 100)


@pytest.mark.parametrize(("minor", "said"), [(501, "more than you owe"), (0, "zero")])
def test_an_amount_outside_what_is_owed_is_refused(account, gateway, minor, said):
    bill(account, 500)
    with pytest.raises(InvalidPayment, match=said):
        begin(account, minor)


def test_money_wins_over_an_earlier_refusal(account, gateway):
    bill(account, 500)
    payment = begin(account, 500)
    gateway.says(payment.reference, Answer.FAILED)
    assert check(payment) == "failed"
    gateway.says(payment.reference, Answer.PAID)
    assert check(payment) == "settled"


def test_cancelling_what_was_paid_meanwhile_settles_it(account, gateway, town):
    bill(account, 500)
    payment = begin(account, 500)
    gateway.says(payment.reference, Answer.PAID)
    cancel_payment(municipality=town, reference=payment.reference, source="test")
    payment.refresh_from_db()
    assert payment.status == "settled"


def test_every_order_of_events_ends_in_one_balance(account, gateway):
    """Return, callback, late refusal, cancelling: in any order, the money counts once."""
    bill(account, 10_000)
    answers = [
        Answer.OPEN,
        Answer.PAID,
        Answer.FAILED,
        Answer.CANCELLED,
        Answer.EXPIRED,
    ]
    owed = 10_000
    for number, order in enumerate(itertools.permutations(answers)):
        payment = begin(account, 1)
        for answer in order:
            gateway.says(payment.reference, answer, transaction=f"t{number}")
            check(payment)
            if answer == Answer.PAID:
                owed -= 1
            assert totals(account) == (owed, 0)


def test_cash_sent_twice_gives_the_same_receipt(account, town):
    bill(account, 500)
    cashier = staff(town, "cashier")
    receipts = {
        take_cash(
            account=account, amount=lbp(200), by=cashier, reference="C" * 20
        ).number
        for _time in range(2)
    }
    assert (len(receipts), totals(account)) == (1, (300, 0))


def test_a_receipt_bears_the_year_of_the_towns_own_clock(account, town, monkeypatch):
    account.municipality.time_zone = "Africa/Tunis"
    bill(account, 500)
    # Where the server's clock is set to, it is next year.
    late = datetime(2026, 12, 31, 22, 30, tzinfo=UTC)
    monkeypatch.setattr("django.utils.timezone.now", lambda: late)
    receipt = take_cash(
        account=account, amount=lbp(500), by=staff(town, "cashier"), reference="a"
    )
    assert receipt.number.startswith("R-2026-")


def test_reconciling_finds_the_money_and_closes_what_was_left(account, gateway, town):
    bill(account, 500)
    payment = begin(account, 300)
    gateway.says(payment.reference, Answer.PAID)
    assert reconcile(municipality=town, older_than=timedelta(minutes=5)) == {}
    assert reconcile(municipality=town, older_than=timedelta(0)) == {"settled": 1}
    left = begin(account, 100)
    later = timedelta(hours=-25)
    # The clock cannot be turned on a kept row: the limit moves instead.
    found = reconcile(municipality=town, older_than=later)
    assert found == {"pending": 1}
    cancel_payment(municipality=town, reference=left.reference, source="test")
    left.refresh_from_db()
    assert left.status == "cancelled"


@pytest.mark.slow
def test_forty_parallel_answers_give_one_settlement(real_commits, gateway):
    town = MunicipalityFactory()
    with tenant(town):
        account = AccountFactory(municipality=town, holder=UserFactory())
        bill(account, 500)
    with tenant(town):
        payment = start_payment(
            account=account, amount=lbp(500), by=account.holder, language="ar"
        )
    open_order(
        municipality=town,
        reference=payment.reference,
        return_url="https://town.example/back",
        notify_url="https://town.example/hook",
    )
    gateway.says(payment.reference, Answer.PAID)
    gate, outcomes = threading.Barrier(40), []

    def answer() -> None:
        try:
            gate.wait()
            outcomes.append(check(payment))
        finally:
            connection.close()

    threads = [threading.Thread(target=answer) for _number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == ["settled"] * 40
    with tenant(town):
        assert Receipt.objects.count() == 1
        received = LedgerEntry.objects.filter(ledger_account__kind=Kind.CLEARING)
        assert [entry.amount_minor for entry in received] == [500]
        assert totals(account) == (0, 0)
