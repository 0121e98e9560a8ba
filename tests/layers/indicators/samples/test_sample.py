from dataclasses import replace

import numpy as np
import pytest
from psycopg2 import sql

from layers.indicators.current.figures import put_units, rebuild
from layers.indicators.models import Observation, SampleUnit
from layers.indicators.samples import copying
from layers.indicators.samples.observations import ChildRow, UnitRow
from layers.indicators.samples.sample import read_sample
from tests.factories.observations import households


def home(key="u", children=(), **values):
    return UnitRow(key, "Z1", "Z1", key, 1.0, 10, list(children), values=values)


def test_a_child_has_the_answers_of_its_home_unless_it_has_its_own(put):
    children = [
        ChildRow("a", "female", 30, {"internet": 0}),
        ChildRow("b", "male", 31, {"internet": None, "books": 3}),
    ]
    sample = read_sample(put([home("u", children, internet=1, persons=4), home("v")]))
    assert sample.columns["internet"].tolist() == [0, 1]
    assert sample.columns["persons"].tolist() == [4, 4]
    np.testing.assert_equal(sample.columns["books"], [np.nan, 3])
    np.testing.assert_equal(sample.columns["water_minutes"], [np.nan, np.nan])


def test_a_variable_that_comes_later_lengthens_every_row(put):
    stored = put([home("u", [ChildRow("a", "female", 30, {"books": 2})], persons=4)])
    rebuild(stored)
    later = home("v", [ChildRow("b", "male", 30, {"meals": 3})], persons=5, internet=1)
    put_units(observation_set=stored, units={"v": later}, response_factors={})
    stored.refresh_from_db()
    assert stored.unit_columns == ["persons", "internet"]
    assert stored.child_columns == ["books", "meals"]
    assert {len(each.values) for each in SampleUnit.objects.all()} == {2}
    assert {len(each.values) for each in Observation.objects.all()} == {2}
    columns = read_sample(stored).columns
    np.testing.assert_equal(columns["books"], [2, np.nan])
    np.testing.assert_equal(columns["meals"], [np.nan, 3])
    np.testing.assert_equal(columns["internet"], [np.nan, 1])


def test_few_wanted_variables_are_the_same_as_of_all(put):
    stored = put(households())
    few, every = read_sample(stored, ["school_age", "persons"]), read_sample(stored)
    for name in ("school_age", "persons", "module_5_17", "age_months", "girl"):
        np.testing.assert_equal(few.columns[name], every.columns[name], err_msg=name)
    assert "internet" not in few.columns


def test_a_household_alone_reads_as_it_does_among_all(put):
    stored = put(households())
    units = list(SampleUnit.objects.order_by("pk").values_list("pk", flat=True))[5:9]
    some, every = read_sample(stored, units=units), read_sample(stored)
    inside = np.isin(every.child_unit, range(5, 9))
    for name, column in some.columns.items():
        np.testing.assert_equal(column, every.columns[name][inside], err_msg=name)


@pytest.mark.parametrize("at_once", [1, 100, 1 << 24])
def test_a_copy_comes_whole_whatever_is_read_at_once(db, monkeypatch, at_once):
    monkeypatch.setattr(copying, "AT_ONCE", at_once)
    query = sql.SQL(
        "SELECT n::float8, ARRAY[n, n * 2, 'NaN']::float8 [] FROM generate_series(1, 500) n"
    )
    found = copying.copied(query, numbers=1, answers=3)
    numbers = np.arange(1.0, 501.0)
    expected = [numbers, numbers, 2 * numbers, np.full(500, np.nan)]
    np.testing.assert_equal(found, expected)


def test_rows_of_another_form_are_refused(db):
    query = sql.SQL("SELECT 1::float8, 2::float8")
    with pytest.raises(ValueError, match="different lengths"):
        copying.copied(query, numbers=1, answers=0)


def test_a_set_without_any_answer_can_be_read(put):
    sample = read_sample(put([replace(home("u"), children=[ChildRow("a", "male", 9)])]))
    assert np.isnan(sample.columns["internet"]).all()
    assert sample.columns["age_months"].tolist() == [9]
