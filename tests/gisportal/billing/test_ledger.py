import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from gisportal.billing.ledger import Posting, ledger_account, next_numbers, post
from gisportal.billing.models import (
    Account,
    Bill,
    LedgerEntry,
    LedgerTransaction,
    Payment,
    Receipt,
)
from gisportal.billing.payments import take_cash
from layers.geography.tenancy import set_tenant
from tests.factories.accounts import staff
from tests.factories.billing import AccountFactory, bill
from tests.factories.geography import MunicipalityFactory
from tests.gisportal.billing.conftest import lbp

REFERENCE = "A" * 20


def check_now() -> None:
    """What commit does."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def commit(work) -> None:
    with transaction.atomic():
        work()
        check_now()


def write(town, *amounts: int) -> None:
    kinds = ["receivable", "revenue", "cash", "credit"]
    post(
        municipality=town,
        kind="settlement",
        currency="LBP",
        postings=[
            Posting(ledger_account(town, kind), amount)
            for kind, amount in zip(kinds, amounts, strict=False)
        ],
    )


def test_a_balanced_transaction_is_kept(town):
    write(town, 70, -50, -20)
    check_now()
    assert LedgerEntry.objects.count() == 3


@pytest.mark.parametrize("amounts", [(70, -50), (70,), ()])
def test_the_database_refuses_what_does_not_balance(town, amounts):
    with pytest.raises(IntegrityError, match="does not balance"):
        commit(lambda: write(town, *amounts))


def test_the_check_holds_when_the_tenant_has_changed_since(town):
    def write_and_leave() -> None:
        write(town, 70, -50)
        set_tenant(MunicipalityFactory())

    with pytest.raises(IntegrityError, match="does not balance"):
        commit(write_and_leave)


def test_an_entry_cannot_join_another_municipalitys_transaction(town):
    write(town, 70, -70)
    check_now()
    target = LedgerTransaction.objects.get().pk
    elsewhere = MunicipalityFactory()
    set_tenant(elsewhere)

    def join() -> None:
        for amount in (5, -5):
            LedgerEntry.objects.create(
                municipality=elsewhere,
                transaction_id=target,
                ledger_account=ledger_account(elsewhere, "cash"),
                amount_minor=amount,
            )

    with pytest.raises(IntegrityError, match="does not balance"):
        commit(join)


@pytest.mark.parametrize("model", [Bill, LedgerEntry, LedgerTransaction, Receipt])
def test_money_rows_are_never_changed_or_deleted(town, account, model):
    bill(account, 500)
    take_cash(
        account=account,
        amount=lbp(500),
        by=staff(town, "cashier"),
        reference=REFERENCE,
    )
    table = model._meta.db_table
    for sql in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
        with (
            pytest.raises((IntegrityError, InternalError), match="never changed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)


def test_a_settled_payment_keeps_amount_and_state(town, account):
    take_cash(
        account=account, amount=lbp(5), by=staff(town, "cashier"), reference=REFERENCE
    )
    for change in ({"amount_minor": 6}, {"status": "failed"}):
        with pytest.raises(IntegrityError, match="keeps its"), transaction.atomic():
            Payment.objects.update(**change)


def test_numbers_have_no_gaps(town):
    first = next_numbers(municipality=town, series="2026", count=2)
    then = next_numbers(municipality=town, series="2026")
    assert first + then == ["2026-00001", "2026-00002", "2026-00003"]


def test_another_municipalitys_rows_do_not_exist_for_raw_sql(town, account):
    bill(account, 500)
    take_cash(
        account=account, amount=lbp(5), by=staff(town, "cashier"), reference=REFERENCE
    )
    tables = [
        name
        for name in connection.introspection.table_names()
        if name.startswith("billing_")
    ]
    assert len(tables) == 11

    def counts() -> dict[str, int]:
        with connection.cursor() as cursor:
            found = {}
            for table in tables:
                cursor.execute(f"SELECT count(*) FROM {table}")
                found[table] = cursor.fetchone()[0]
            return found

    assert sum(counts().values()) > 8
    for other in (MunicipalityFactory(), None):
        set_tenant(other)
        assert set(counts().values()) == {0}


def test_a_row_cannot_be_written_for_another_municipality(town):
    elsewhere = MunicipalityFactory()
    with pytest.raises(Exception, match="row-level security"), transaction.atomic():
        AccountFactory(municipality=elsewhere)


def test_credit_pays_the_next_bill(town, account):
    take_cash(
        account=account, amount=lbp(700), by=staff(town, "cashier"), reference=REFERENCE
    )
    bill(account, 500)
    check_now()
    found = Account.objects.with_totals().get()
    assert (found.due_minor, found.credit_minor) == (0, 200)
