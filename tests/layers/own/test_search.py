"""What a feature says is found however it is written."""

import pytest

from gisportal.accounts.roles import Role
from layers.maps.search import search
from layers.own.models import OwnFeature
from tests.factories.accounts import staff
from tests.factories.own import plain_layer


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("مدرسه احمد", "مَدرسة أحمد"),
        ("شارع 12", "شارع ١٢"),
        ("ساحة النجمة", "ساحه نجمه"),
        ("cedre", "Allée du Cèdre"),
    ],
)
def test_one_letter_in_many_forms_is_one(town, asked, said):
    plain_layer(town)
    OwnFeature.objects.update(attributes={"kind": "other"})
    first = OwnFeature.objects.order_by("pk").first()
    OwnFeature.objects.filter(pk=first.pk).update(attributes={"kind": said})
    user = staff(town, Role.DATA_MANAGER)
    found = [x["title"] for x in search(town, user, asked) if x["kind"] == "feature"]
    assert found == [said]


def test_signs_of_a_pattern_are_only_signs(town):
    plain_layer(town)
    OwnFeature.objects.update(attributes={"kind": "other"})
    user = staff(town, Role.DATA_MANAGER)
    for asked in (".*", "(", "o.*r", "[a-z]", "\\"):
        found = search(town, user, asked)
        assert not [x for x in found if x["kind"] == "feature"], asked
