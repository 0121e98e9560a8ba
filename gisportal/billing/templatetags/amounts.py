from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from gisportal.billing.money import Money, format_money, format_number

register = template.Library()


@register.filter
def money(amount: Money) -> SafeString:
    """Number and currency, isolated from the direction of the text around."""
    return format_html(
        '<bdi class="figure">{}</bdi>', format_money(amount, get_language() or "ar")
    )


@register.filter
def number(amount: Money) -> SafeString:
    """The number alone, where the currency stands beside or above."""
    return format_html(
        '<bdi class="figure">{}</bdi>', format_number(amount, get_language() or "ar")
    )


@register.filter
def in_currency(minor: int, currency: str) -> Money:
    return Money(minor, currency)
