"""The demonstration: whose logins exist, and with which password."""

from django.contrib.auth.hashers import make_password

from gisportal.accounts.models import Membership, User
from gisportal.accounts.roles import Role
from layers.geography.models import Municipality

PASSWORD = "wadi-zaytoun-demo"  # noqa: S105 - public on purpose, made only where DEMO is set

# Before the @, the full name, the role; the last is a resident with open bills.
PEOPLE: tuple[tuple[str, str, Role], ...] = (
    ("planner", "رنا نصّار", Role.PLANNER),
    ("surveyor", "سامر عيسى", Role.SURVEYOR),
    ("surveyor2", "نادين فارس", Role.SURVEYOR),
    ("surveyor3", "حسن مراد", Role.SURVEYOR),
    ("data", "ليلى حدّاد", Role.DATA_MANAGER),
    ("officer", "كريم صليبا", Role.OFFICER),
    ("clerk", "هدى منصور", Role.CLERK),
    ("cashier", "جاد خوري", Role.CASHIER),
    ("admin", "مايا شاهين", Role.MUNICIPAL_ADMIN),
    ("resident", "أم علي الخطيب", Role.RESIDENT),
)


def email_of(name: str, municipality: Municipality) -> str:
    return f"{name}@{municipality.slug}.example"


def make_people(municipality: Municipality) -> None:
    """One person for each role; those who are there already stay as they are."""
    password = make_password(PASSWORD)
    for name, full_name, role in PEOPLE:
        email = email_of(name, municipality)
        user = User.objects.filter(email=email).first()
        if user is None:
            user = User.objects.create(
                email=email, password=password, full_name=full_name
            )
        Membership.objects.get_or_create(
            user=user, municipality=municipality, role=role
        )
