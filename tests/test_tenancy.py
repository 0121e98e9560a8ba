"""What the serving role can reach by SQL alone, over a bare connection to the demo."""

from __future__ import annotations

import psycopg2
import pytest
from psycopg2 import errors

from tests.demo import Demo

REFUSED = (
    errors.InsufficientPrivilege,
    errors.RaiseException,
    errors.RestrictViolation,
)
OURS, THEIRS = "ain-tineh", "wadi-zaytoun"
APPENDED_ONLY = (
    "billing_bill",
    "billing_billline",
    "billing_callback",
    "billing_ledgerentry",
    "billing_ledgertransaction",
    "billing_paymentevent",
    "billing_receipt",
    "cases_caseevent",
    "indicators_estimate",
    "indicators_release",
    "surveys_recordread",
)


@pytest.fixture
def served(live_town: Demo):
    """A connection as the server has it, no municipality named."""
    connection = live_town.connect()
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def municipalities(live_town: Demo) -> dict[str, int]:
    with live_town.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT slug, id FROM geography_municipality")
        return dict(cursor.fetchall())


@pytest.fixture(scope="module")
def guarded(live_town: Demo) -> list[str]:
    with live_town.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relforcerowsecurity ORDER BY relname"
        )
        names = [name for (name,) in cursor.fetchall()]
    assert len(names) > 20
    return names


def enter(cursor, key: int | str) -> None:
    cursor.execute("SELECT set_config('app.municipality', %s, true)", [str(key)])


def count(cursor, table: str, where: str = "true") -> int:
    cursor.execute(f'SELECT count(*) FROM "{table}" WHERE {where}')
    return cursor.fetchone()[0]


def rows_of(cursor, guarded: list[str], key: int) -> dict[str, int]:
    enter(cursor, key)
    return {name: count(cursor, name) for name in guarded}


def test_without_a_municipality_there_are_no_rows(served, guarded, municipalities):
    with served, served.cursor() as cursor:
        assert {name for name in guarded if count(cursor, name)} == set()
        # The rows are there: their own municipality sees them.
        seen = rows_of(cursor, guarded, municipalities[THEIRS])
        for name in ("surveys_repeatrow", "indicators_observation", "billing_bill"):
            assert seen[name] > 500, name
        assert seen["cases_case"] >= 60


def test_a_municipality_sees_only_its_own_rows(served, guarded, municipalities):
    with served, served.cursor() as cursor:
        for slug in (OURS, THEIRS):
            key = municipalities[slug]
            enter(cursor, key)
            for name in guarded:
                assert count(cursor, name, f"municipality_id <> {key}") == 0, name


def test_the_municipality_ends_with_its_transaction(served, guarded, municipalities):
    with served, served.cursor() as cursor:
        enter(cursor, municipalities[THEIRS])
        assert count(cursor, "surveys_repeatrow")
    with served, served.cursor() as cursor:
        assert {name for name in guarded if count(cursor, name)} == set()
    with served.cursor() as cursor:
        enter(cursor, municipalities[THEIRS])
        with pytest.raises(errors.DivisionByZero):
            cursor.execute("SELECT 1 / 0")
    served.rollback()
    with served, served.cursor() as cursor:
        assert {name for name in guarded if count(cursor, name)} == set()


@pytest.mark.parametrize("setting", ["-1", "0", "999999999"])
def test_an_unknown_municipality_has_no_rows(served, guarded, setting):
    with served, served.cursor() as cursor:
        enter(cursor, setting)
        assert {name for name in guarded if count(cursor, name)} == set()


def test_rows_of_another_municipality_can_neither_be_changed_nor_made(
    served, guarded, municipalities
):
    ours, theirs = municipalities[OURS], municipalities[THEIRS]
    for name in guarded:
        with served.cursor() as cursor:
            enter(cursor, ours)
            statements = (
                f'UPDATE "{name}" SET municipality_id = municipality_id'
                f" WHERE municipality_id = {theirs}",
                f'DELETE FROM "{name}" WHERE municipality_id = {theirs}',
            )
            for statement in statements:
                cursor.execute("SAVEPOINT before")
                try:
                    cursor.execute(statement)
                except errors.InsufficientPrivilege:
                    cursor.execute("ROLLBACK TO before")
                else:
                    assert cursor.rowcount == 0, statement
        served.rollback()


def test_a_row_cannot_move_to_another_municipality(served, guarded, municipalities):
    ours, theirs = municipalities[OURS], municipalities[THEIRS]
    for name in guarded:
        with served.cursor() as cursor:
            enter(cursor, ours)
            if not count(cursor, name):
                continue
            with pytest.raises(REFUSED):
                cursor.execute(f'UPDATE "{name}" SET municipality_id = {theirs}')
        served.rollback()


def test_a_row_cannot_be_made_for_another_municipality(served, municipalities):
    insert = "INSERT INTO surveys_household (municipality_id, code) VALUES (%s, 'x')"
    with served.cursor() as cursor:
        enter(cursor, municipalities[OURS])
        with pytest.raises(errors.InsufficientPrivilege):
            cursor.execute(insert, [municipalities[THEIRS]])
    served.rollback()


@pytest.mark.parametrize(
    "escape",
    [
        "SET ROLE gisportal_owner",
        "SET SESSION AUTHORIZATION gisportal_owner",
        "RESET ROLE",
        "SET ROLE NONE",
        "SET row_security = off",
        "ALTER TABLE surveys_repeatrow DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON surveys_repeatrow",
        "TRUNCATE surveys_repeatrow CASCADE",
        "ALTER ROLE CURRENT_USER BYPASSRLS",
    ],
)
def test_the_serving_role_finds_no_way_round(served, escape):
    refused = False
    with served.cursor() as cursor:
        try:
            cursor.execute(escape)
            cursor.execute("SELECT count(*) FROM surveys_repeatrow")
            assert cursor.fetchone() == (0,)
        except psycopg2.Error:
            refused = True
    served.rollback()
    assert refused or escape in {"RESET ROLE", "SET ROLE NONE"}


@pytest.mark.parametrize("table", APPENDED_ONLY)
def test_history_is_appended_and_never_changed(served, municipalities, table):
    for statement in (
        f'UPDATE "{table}" SET municipality_id = municipality_id',
        f'DELETE FROM "{table}"',
    ):
        with served.cursor() as cursor:
            enter(cursor, municipalities[THEIRS])
            try:
                cursor.execute(statement)
            except REFUSED:
                changed = 0
            else:
                changed = cursor.rowcount
            assert changed == 0, statement
        served.rollback()
