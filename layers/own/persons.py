"""Columns that look as if they told who a person is. Knows no Django.

A guess by the column's name in Arabic, French and English, and by what its cells look
like: it asks for a second look and proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from layers.geography.files.columns import plain

# Words of a column's name, as `plain` writes them; one that ends in * may go on.
WORDS = (
    *("first_name", "last_name", "full_name", "surname", "family_name", "father*"),
    *("mother*", "owner*", "tenant_name", "child_name", "head_name", "contact*"),
    *("prenom*", "nom_complet", "nom_famille", "proprietaire*", "locataire*", "pere"),
    *("mere", "tuteur*", "guardian*", "beneficiary*", "beneficiaire*", "person*"),
    *("phone*", "tel", "telephone*", "mobile*", "gsm", "whatsapp*", "portable"),
    *("email*", "e_mail", "mail", "courriel*", "address*", "adresse*"),
    *("birth*", "dob", "born*", "naissance*", "date_naiss*", "age", "ages"),
    *("id_number", "national_id", "nid", "cin", "passport*", "passeport*", "ssn"),
    *("identity*", "identite*", "carte_id*", "unhcr*", "case_number"),
    *(
        "الاسم_الكامل",
        "اسم_الاب",
        "اسم_الام",
        "اسم_الطفل",
        "اسم_المالك",
        "المالك",
        "الشهره",
    ),
    *(
        "العائله",
        "هاتف",
        "الهاتف",
        "رقم_الهاتف",
        "جوال",
        "موبايل",
        "البريد*",
        "العنوان",
    ),
    *("تاريخ_الميلاد", "الميلاد", "تاريخ_الولاده", "العمر", "رقم_الهويه", "الهويه"),
    *("الرقم_الوطني", "جواز*", "ولي_الامر", "اسم_المستفيد", "اسم_رب_الاسره"),
)
PHONE = re.compile(r"(\+|00)?[\d\s().-]{7,17}")
MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
# The share of filled cells that must look alike.
MOST = 0.6
FOLDED = str.maketrans("أإآىة", "ااايه")


def looks_personal(name: str, type: str, cells: Iterable[str] = ()) -> bool:
    """`cells` are a sample of the column's, empty ones among them."""
    return _named(name) or (type == "text" and _written(cells))


def _named(name: str) -> bool:
    # "FatherName" and "fatherName" are two words.
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    said = f"_{plain(parted).translate(FOLDED)}_"
    return any(
        f"_{word[:-1]}" in said if word.endswith("*") else f"_{word}_" in said
        for word in WORDS
    )


def _written(cells: Iterable[str]) -> bool:
    filled = [cell for cell in cells if cell]
    if not filled:
        return False
    alike = sum(_is_phone(cell) or bool(MAIL.fullmatch(cell)) for cell in filled)
    return alike / len(filled) >= MOST


def _is_phone(cell: str) -> bool:
    digits = sum(sign.isdecimal() for sign in cell)
    dated = re.match(r"\d{4}-\d\d-\d\d|\d\d[-/.]\d\d[-/.]\d{4}", cell)
    return not dated and bool(PHONE.fullmatch(cell)) and 8 <= digits <= 15
