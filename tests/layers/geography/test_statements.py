import pytest
from django.contrib.gis.geos import Point

from layers.geography.models import Facility, Municipality
from layers.geography.statements import find, find_all, insert, next_key
from tests.factories.geography import FacilityFactory

pytestmark = pytest.mark.django_db


def test_a_row_is_found_by_its_values(town):
    FacilityFactory(municipality=town, code="F1")
    FacilityFactory(municipality=town, code="F2")
    found = find(Facility, municipality_id=town.pk, code="F2")
    assert (found.code, found.municipality) == ("F2", town)
    assert find(Facility, municipality_id=town.pk, code="F3") is None
    assert len(find_all(Facility, municipality_id=town.pk, valid_until=None)) == 2


def test_a_shape_is_read_when_it_is_asked_for(town):
    found = find(Municipality, slug=town.slug)
    assert "boundary" in found.get_deferred_fields()
    assert found.boundary == town.boundary


def test_new_rows_get_keys_and_hold_what_was_put_in(town):
    place = Point(35.83, 33.8, srid=4326)
    made = [
        Facility(
            municipality=town,
            code=f"F{n}",
            kind=Facility.Kind.SCHOOL,
            name_ar="100 %s \\ '؛",
            geometry=place,
        )
        for n in range(3)
    ]
    insert(made)
    read = Facility.objects.get(pk=made[1].pk)
    assert (read.code, read.name_ar, read.geometry) == ("F1", "100 %s \\ '؛", place)


def test_a_key_may_be_taken_before_the_row_is_written(town):
    one = Facility(
        pk=next_key(Facility),
        municipality=town,
        code="F1",
        kind=Facility.Kind.SCHOOL,
        name_ar="مدرسة",
        geometry=Point(35.83, 33.8, srid=4326),
    )
    key = one.pk
    insert([one])
    assert Facility.objects.get(code="F1").pk == key
