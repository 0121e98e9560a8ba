from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gisportal.billing.settlement import OpenBill, allocate

BILLS = st.lists(
    st.builds(
        OpenBill,
        key=st.integers(1, 10_000),
        due_on=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
        balance=st.integers(1, 10**12),
    ),
    max_size=12,
    unique_by=lambda bill: bill.key,
)


@given(st.integers(0, 10**13), BILLS)
def test_shares_and_credit_add_up_exactly(amount, bills):
    allocation = allocate(amount, bills)
    assert sum(share for _key, share in allocation.shares) + allocation.credit == amount


@given(st.integers(0, 10**13), BILLS)
def test_no_bill_gets_more_than_it_owes_and_none_less_than_one(amount, bills):
    owed = {bill.key: bill.balance for bill in bills}
    for key, share in allocate(amount, bills).shares:
        assert 1 <= share <= owed[key]


@given(st.integers(0, 10**13), BILLS)
def test_the_oldest_are_paid_in_full_before_the_next_gets_anything(amount, bills):
    shares = allocate(amount, bills).shares
    in_order = sorted(bills, key=lambda bill: (bill.due_on, bill.key))
    assert [key for key, _share in shares] == [bill.key for bill in in_order][
        : len(shares)
    ]
    for (_key, share), bill in zip(shares[:-1], in_order, strict=False):
        assert share == bill.balance


@given(st.integers(0, 10**13), BILLS)
def test_credit_arises_only_when_nothing_is_owed(amount, bills):
    allocation = allocate(amount, bills)
    if allocation.credit:
        paid = sum(share for _key, share in allocation.shares)
        assert paid == sum(bill.balance for bill in bills)


def test_a_payment_is_not_negative():
    with pytest.raises(ValueError, match="not negative"):
        allocate(-1, [])
