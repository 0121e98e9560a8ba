from typing import Any

from django import template
from django.urls import translate_url

register = template.Library()


@register.simple_tag(takes_context=True)
def page_in(context: dict[str, Any], language: str) -> str:
    """The address of the present page in another language, its query kept."""
    return translate_url(context["request"].get_full_path(), language)
