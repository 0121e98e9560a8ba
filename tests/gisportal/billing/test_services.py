import time
from datetime import date
from types import SimpleNamespace

import pytest
from django.core.cache.backends import filebased

from gisportal.billing.errors import ClaimRefused, InvalidBill, InvalidBillFile
from gisportal.billing.loading import load_bills
from gisportal.billing.models import Account, Bill
from gisportal.billing.services import BillDraft, LineDraft, claim_account, issue_bill
from tests.factories.accounts import UserFactory
from tests.factories.billing import AccountFactory, bill

pytestmark = pytest.mark.usefixtures("in_english")

HEAD = (
    "account_number,holder_name,holder_email,parcel_code,bill_number,period,issued_on,"
    "due_on,description_ar,description_en,description_fr,kind,amount\n"
)


def test_a_bill_that_adds_up_to_nothing_is_refused(account):
    draft = BillDraft(
        account=account,
        period="2026",
        issued_on=date(2026, 1, 1),
        due_on=date(2026, 2, 1),
        lines=(LineDraft("rental_value", 100), LineDraft("rebate", -100)),
    )
    with pytest.raises(InvalidBill, match="add up to zero"):
        issue_bill(draft=draft)


def test_bills_are_numbered_in_their_year(account):
    assert [bill(account, 100).number, bill(account, 50, 50).number] == [
        "2026-00001",
        "2026-00002",
    ]


def test_new_numbers_go_on_after_those_that_were_loaded(account, town, tmp_path):
    file = tmp_path / "bills.csv"
    file.write_text(
        HEAD + "A-9,x,,,2026-00007,2026,2026-01-01,2026-06-30,,,,waste,5\n",
        encoding="utf-8",
    )
    load_bills(municipality=town, file=file)
    assert bill(account, 100).number == "2026-00008"


def test_the_holder_of_the_paper_links_the_account(town):
    paper = AccountFactory(municipality=town)
    user = UserFactory()
    claim_account(municipality=town, user=user, number=paper.number, code=" abcd-2345 ")
    assert Account.objects.held_by(user).get() == paper


def test_a_wrong_code_and_an_unknown_number_answer_alike_and_are_counted(town):
    paper, user = AccountFactory(municipality=town), UserFactory()
    said = set()
    for number in [paper.number, "unknown"] * 4:
        with pytest.raises(ClaimRefused) as refused:
            claim_account(municipality=town, user=user, number=number, code="X")
        said.update(refused.value.messages)
    assert said == {"Number and code don't match. Both are printed on your paper bill."}
    with pytest.raises(ClaimRefused, match="Too many tries"):
        claim_account(
            municipality=town, user=user, number=paper.number, code="ABCD2345"
        )


def test_counted_tries_last_the_hour_they_promise(town, monkeypatch):
    paper, user = AccountFactory(municipality=town), UserFactory()
    for _try in range(9):
        with pytest.raises(ClaimRefused):
            claim_account(municipality=town, user=user, number=paper.number, code="X")
    later = SimpleNamespace(time=lambda: time.time() + 50 * 60)
    monkeypatch.setattr(filebased, "time", later)
    with pytest.raises(ClaimRefused, match="Too many tries"):
        claim_account(
            municipality=town, user=user, number=paper.number, code="ABCD2345"
        )


def test_an_account_that_is_linked_stays_with_its_holder(account, town):
    with pytest.raises(ClaimRefused, match="Another person"):
        claim_account(
            municipality=town,
            user=UserFactory(),
            number=account.number,
            code=account.claim_code,
        )


def test_loading_twice_changes_nothing(town, tmp_path):
    user = UserFactory(email="holder@example.org")
    file = tmp_path / "bills.csv"
    file.write_text(
        HEAD
        + "A-1,سلمى,holder@example.org,,B-1,2026,2026-01-01,2026-06-30,رسم,Fee,Taxe,rental_value,500\n"
        + "A-1,سلمى,holder@example.org,,B-1,2026,2026-01-01,2026-06-30,نفايات,Waste,Déchets,waste,70\n",
        encoding="utf-8",
    )
    first = load_bills(municipality=town, file=file)
    again = load_bills(municipality=town, file=file)
    assert (first.added, again.added, again.unchanged) == (1, 0, 1)
    assert Bill.objects.with_balance().get().balance_minor == 570
    assert Account.objects.get().holder == user


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("A-1,x,,,B-1,2026,2026-01-01,2026-06-30,,,,rental_value,5.5", "column amount"),
        ("A-1,x,,,B-1,2026,yesterday,2026-06-30,,,,rental_value,5", "column issued_on"),
        ("A-1,x,,,B-1,2026,2026-01-01,2026-06-30,,,,bribe,5", "column kind"),
    ],
)
def test_a_fault_in_a_file_is_named_and_nothing_is_loaded(town, tmp_path, row, fault):
    file = tmp_path / "bills.csv"
    file.write_text(HEAD + row + "\n", encoding="utf-8")
    with pytest.raises(InvalidBillFile, match=f"Row 2, {fault}"):
        load_bills(municipality=town, file=file)
    assert Bill.objects.count() == 0
