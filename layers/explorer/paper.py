"""The profile as a PDF in the active language."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.utils.translation import get_language, get_language_bidi

from gisportal.printing import print_pdf
from layers.explorer.profile import Profile

# Changes when the paper says or draws the same release differently.
EDITION = "7"


def profile_pdf(profile: Profile) -> bytes:
    """Two to four A4 pages; the same release gives the same paper, printed once."""
    page = render_to_string(
        "explorer/profile_pdf.html",
        {
            "profile": profile,
            "municipality": profile.municipality,
            "language": get_language() or "ar",
            "direction": "rtl" if get_language_bidi() else "ltr",
        },
    )
    return print_pdf(page, style="profile", keep=True)
