import pytest
from hypothesis import given
from hypothesis import strategies as st

from gisportal.billing.money import (
    AmountError,
    CurrencyMismatch,
    Money,
    exponent,
    format_money,
    from_plain,
    parse_amount,
)


@pytest.mark.parametrize(
    ("currency", "decimals"),
    [("LBP", 0), ("TND", 3), ("LYD", 3), ("JOD", 3), ("USD", 2), ("JPY", 0)],
)
def test_decimals_follow_practice(currency, decimals):
    assert exponent(currency) == decimals


@pytest.mark.parametrize(
    ("money", "language", "shown"),
    [
        (Money(2_850_000, "LBP"), "ar", "2,850,000\u00a0ل.ل."),
        (Money(2_850_000, "LBP"), "en", "2,850,000\u00a0LBP"),
        (Money(1_250_500, "TND"), "en", "1,250.500\u00a0TND"),
        (Money(1_250_500, "TND"), "fr", "1\u202f250,500\u00a0DT"),
        (Money(5, "TND"), "ar", "0.005\u00a0د.ت."),
        (Money(-5, "TND"), "en", "\u22120.005\u00a0TND"),
    ],
)
def test_an_amount_reads_as_the_language_writes_it(money, language, shown):
    assert format_money(money, language) == shown


@pytest.mark.parametrize(
    ("text", "currency", "language", "minor"),
    [
        ("2,850,000", "LBP", "ar", 2_850_000),
        ("٢٬٨٥٠٬٠٠٠", "LBP", "ar", 2_850_000),
        ("١٢٥٠٫٥", "TND", "ar", 1_250_500),
        ("1 250,5", "TND", "fr", 1_250_500),
        ("1\u202f250,500", "TND", "fr", 1_250_500),
        ("1250.5", "TND", "en", 1_250_500),
    ],
)
def test_an_amount_is_understood_as_people_type_it(text, currency, language, minor):
    found = parse_amount(text, currency=currency, language=language)
    assert found == Money(minor, currency)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("12,5", "not_a_number"),
        ("1e9", "not_a_number"),
        ("NaN", "not_a_number"),
        ("--1", "not_a_number"),
        ("", "not_a_number"),
        ("1.5", "too_precise"),
        ("9999999999999999999", "too_large"),
    ],
)
def test_what_is_no_amount_is_refused(text, reason):
    with pytest.raises(AmountError, match=reason):
        parse_amount(text, currency="LBP", language="en")


def test_two_currencies_never_add_up():
    with pytest.raises(CurrencyMismatch, match="LBP and USD"):
        Money(1, "LBP") + Money(1, "USD")


@given(
    st.integers(-(2**62), 2**62), st.sampled_from(["LBP", "TND", "USD", "EUR", "LYD"])
)
def test_the_plain_form_comes_back_unchanged(minor, currency):
    money = Money(minor, currency)
    assert from_plain(money.plain, currency) == money


@given(st.integers(0, 2**50), st.sampled_from(["LBP", "TND", "USD"]))
def test_what_a_form_shows_can_be_typed_back(minor, currency):
    money = Money(minor, currency)
    for language in ("ar", "en", "fr"):
        number = format_money(money, language).split("\u00a0")[0]
        assert parse_amount(number, currency=currency, language=language) == money
