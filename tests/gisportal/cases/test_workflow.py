import pytest
from hypothesis import given
from hypothesis import strategies as st

from gisportal.cases.models import Case
from gisportal.cases.workflow import OPEN, STEPS, Actor, Status, next_statuses, step

statuses = st.sampled_from(list(Status))
actors = st.frozensets(st.sampled_from(list(Actor)))


def test_every_status_has_its_row_in_the_table():
    assert set(STEPS) == set(Status)


def test_every_status_has_a_label():
    assert set(Case.Status.values) == {status.value for status in Status}


@given(statuses, actors)
def test_only_steps_of_the_table_are_offered(before, who):
    for after in next_statuses(before, who):
        found = step(before, after)
        assert found is not None
        assert found.actors & who


@given(statuses, statuses)
def test_a_closing_answer_always_needs_words(before, after):
    found = step(before, after)
    if found and after in {Status.DONE, Status.REJECTED}:
        assert found.needs_text
        assert found.actors == {Actor.OFFICER}


@given(statuses)
def test_nobody_steps_without_a_part_in_the_case(before):
    assert next_statuses(before, frozenset()) == []


@pytest.mark.parametrize("status", list(Status))
def test_every_status_is_reached_from_the_first(status):
    reached, edge = {Status.RECEIVED}, {Status.RECEIVED}
    while edge:
        edge = {after for before in edge for after in STEPS[before]} - reached
        reached |= edge
    assert status in reached


@pytest.mark.parametrize("status", sorted(OPEN))
def test_an_open_case_can_be_closed(status):
    assert {Status.DONE, Status.REJECTED} <= set(STEPS[status])
