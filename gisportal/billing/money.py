"""Amounts of money as integers of a currency's minor unit.

How many decimals a currency has is a matter of practice, not of ISO 4217 alone:
ISO gives the Lebanese pound two, yet nothing is priced below a pound. Amounts are
stored in units of `exponent(currency)`: 2850000 is 2,850,000 LBP, and 1250500 is
1,250.500 TND. A gateway that counts otherwise converts in its adapter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from moneyed import CurrencyDoesNotExist, get_currency

# Where practice and ISO 4217 differ. A currency's entry never changes once amounts
# are stored in it.
EXPONENTS = {"LBP": 0, "SYP": 0, "IQD": 0, "IRR": 0, "YER": 0, "SDG": 0}

SYMBOLS = {
    "LBP": {"ar": "ل.ل.", "en": "LBP", "fr": "LBP"},
    "TND": {"ar": "د.ت.", "en": "TND", "fr": "DT"},
    "LYD": {"ar": "د.ل.", "en": "LYD", "fr": "LYD"},
    "JOD": {"ar": "د.أ.", "en": "JOD", "fr": "JOD"},
    "USD": {"ar": "د.أمريكي", "en": "USD", "fr": "USD"},
    "EUR": {"ar": "يورو", "en": "EUR", "fr": "€"},
}

# Group and decimal marks as the language's readers write them, digits Western.
MARKS = {"ar": (",", "."), "en": (",", "."), "fr": ("\u202f", ",")}

LARGEST = 2**62  # leaves room for sums in PostgreSQL's bigint
DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


class AmountError(ValueError):
    """`reason` is "not_a_number", "too_precise" or "too_large"."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class CurrencyMismatch(ValueError):
    pass


def exponent(currency: str) -> int:
    """Decimals of `currency` in practice; raises CurrencyDoesNotExist."""
    if currency in EXPONENTS:
        return EXPONENTS[currency]
    return len(str(get_currency(currency).sub_unit)) - 1


@dataclass(frozen=True, order=False)
class Money:
    """`minor` counts the currency's smallest unit in practice."""

    minor: int
    currency: str

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __bool__(self) -> bool:
        return self.minor != 0

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")
        return other.minor

    @property
    def decimal(self) -> Decimal:
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    @property
    def plain(self) -> str:
        """The decimal as protocols write it: "1250.500", no grouping."""
        return format(self.decimal, "f")


def from_plain(text: str, currency: str) -> Money:
    """The reverse of `plain`; raises AmountError."""
    if not re.fullmatch(r"-?\d{1,19}(\.\d{1,6})?", text, re.ASCII):
        raise AmountError("not_a_number")
    try:
        scaled = Decimal(text).scaleb(exponent(currency))
    except CurrencyDoesNotExist:
        raise AmountError("not_a_number") from None
    if scaled != scaled.to_integral_value():
        raise AmountError("too_precise")
    if abs(scaled) > LARGEST:
        raise AmountError("too_large")
    return Money(int(scaled), currency)


def symbol(currency: str, language: str) -> str:
    return SYMBOLS.get(currency, {}).get(language[:2], currency)


def format_number(money: Money, language: str) -> str:
    """ "2,850,000" or "1,250.500": the number alone, for columns of one currency."""
    group, point = MARKS.get(language[:2], MARKS["en"])
    whole, _, part = money.plain.lstrip("-").partition(".")
    grouped = f"{int(whole):,}".replace(",", group)
    sign = "\u2212" if money.minor < 0 else ""
    return f"{sign}{grouped}{point}{part}" if part else f"{sign}{grouped}"


def format_money(money: Money, language: str) -> str:
    """The number and its currency, held together by a no-break space."""
    return f"{format_number(money, language)}\u00a0{symbol(money.currency, language)}"


def parse_amount(text: str, *, currency: str, language: str = "ar") -> Money:
    """What a person typed, digits of any script; raises AmountError.

    A comma is a decimal mark in French and a group mark elsewhere; a dot is
    always a decimal mark. Groups must be of three digits, so that "12,5" is
    refused rather than read as 125.
    """
    plain = text.translate(DIGITS).replace("٬", ",").replace("٫", ".")
    plain = re.sub(r"[\s\u00a0\u202f'\u200e\u200f]", "", plain)
    if language[:2] == "fr" and "." not in plain:
        plain = plain.replace(",", ".")
    whole, dot, part = plain.partition(".")
    if "," in whole:
        if not re.fullmatch(r"\d{1,3}(,\d{3})+", whole):
            raise AmountError("not_a_number")
        whole = whole.replace(",", "")
    return from_plain(f"{whole}{dot}{part}", currency)
