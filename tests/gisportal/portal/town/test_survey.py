"""The rounds of the committed town: columns, consistency, levels, the panel."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from gisportal.portal.town.answers import CHILD_COLUMNS, HOUSEHOLD_COLUMNS, STIMULATION
from gisportal.portal.town.levels import LEVELS
from gisportal.portal.town.women import MARRIED_BEFORE_18, WOMAN_COLUMNS

TOWN = Path(__file__).parents[4] / "fixtures" / "wadi-zaytoun"
IMPROVED_WATER = ["piped", "borehole", "protected_well", "tanker", "bottled"]
IMPROVED_SANITATION = ["flush_sewer", "flush_septic", "pit_slab"]


class Round:
    def __init__(self, code: str) -> None:
        path = TOWN / f"round-{code}.xlsx"
        self.households = pd.read_excel(path, "households")
        self.children = pd.read_excel(path, "children")
        self.women = pd.read_excel(path, "women")
        self.rows = self.children.merge(self.households, on="household_id")
        self.months = whole_months(self.rows["birth_date"], self.rows["interview_date"])
        start = pd.Timestamp(
            year=self.rows["interview_date"].dt.year.iloc[0] - 1, month=9, day=1
        )
        self.school_age = whole_months(self.rows["birth_date"], start) // 12

    def share(self, lacking: pd.Series, among: pd.Series) -> float:
        weight = self.rows["weight"][among]
        return 100 * (weight * lacking[among]).sum() / weight.sum()


def whole_months(born: pd.Series, on) -> pd.Series:
    on = on if isinstance(on, pd.Series) else pd.Series(on, index=born.index)
    months = (on.dt.year - born.dt.year) * 12 + on.dt.month - born.dt.month
    return months - (on.dt.day < born.dt.day)


def deprived_shares(wave: Round) -> dict[str, float]:
    """An estimate of each planned level, made here without the product's own engine."""
    rows, months = wave.rows, wave.months
    years = months // 12
    everyone = months >= 0
    done = (rows[list(STIMULATION)] == "yes").sum(axis=1)
    works = (
        ((years < 12) & (rows["economic_hours"] >= 1))
        | (years.between(12, 14) & (rows["economic_hours"] >= 14))
        | ((years >= 15) & (rows["economic_hours"] >= 43))
        | ((years < 15) & (rows["chores_hours"] > 21))
    )
    water = rows["water_source"].isin(IMPROVED_WATER) & (rows["water_minutes"] <= 30)
    toilet = rows["sanitation"].isin(IMPROVED_SANITATION) & (
        rows["sanitation_shared"] == "no"
    )
    return {
        "out_of_school": wave.share(rows["school_attended_this_year"] == "no", wave.school_age.between(6, 17)),
        "labour": wave.share(works, rows["selected_5_17"] == "yes"),
        "unregistered": wave.share(rows["birth_registered"] != "yes", months < 60),
        "understimulated": wave.share(done < 4, months.between(24, 59)),
        "water": wave.share(~water, everyone),
        "sanitation": wave.share(~toilet, everyone),
        "crowded": wave.share(rows["persons"] / rows["sleeping_rooms"] > 3, everyone),
        "offline": wave.share(rows["internet"] == "no", everyone),
    }  # fmt: skip


@pytest.fixture(scope="module")
def rounds() -> list[Round]:
    return [Round("2025-spring"), Round("2026-spring")]


def test_columns_are_those_of_the_upload(rounds: list[Round]) -> None:
    for wave in rounds:
        assert list(wave.households.columns) == HOUSEHOLD_COLUMNS
        assert list(wave.children.columns) == CHILD_COLUMNS
        assert list(wave.women.columns) == WOMAN_COLUMNS


def test_women_are_those_of_their_homes_and_married_as_planned(rounds) -> None:
    for wave in rounds:
        count = wave.women.groupby("household_id").size()
        said = wave.households.set_index("household_id")["women_20_24"]
        assert (count.reindex(said.index).fillna(0) == said).all()
        assert wave.women["woman_age"].between(20, 24).all()
        first = wave.women["woman_age_married"]
        assert first.notna().sum() > 100
        assert (first.dropna() <= wave.women["woman_age"][first.notna()]).all()
        answered = wave.women[(wave.women["woman_married"] == "no") | first.notna()]
        share = (answered["woman_age_married"] < 18).mean()
        assert abs(share - MARRIED_BEFORE_18) < 0.05


def test_levels_of_the_first_round_are_near_the_plan(rounds: list[Round]) -> None:
    realised = deprived_shares(rounds[0])
    assert set(realised) == set(LEVELS)
    for name, level in LEVELS.items():
        assert realised[name] == pytest.approx(level.share, abs=4), name


def test_readme_shows_planned_and_realised_levels(rounds: list[Round]) -> None:
    text = (TOWN.parent / "README.md").read_text(encoding="utf-8")
    first, second = (deprived_shares(wave) for wave in rounds)
    for name, level in LEVELS.items():
        row = f"| {level.of} | {level.share} | {first[name]:.1f} | {second[name]:.1f} |"
        assert row in text


def test_round_has_about_900_households_and_weights_add_up_to_the_frame(
    rounds: list[Round],
) -> None:
    for wave in rounds:
        homes = wave.households
        assert len(homes) == pytest.approx(900, abs=20)
        by_stratum = homes.groupby("stratum")
        frame = by_stratum["frame_households"].first()
        assert np.allclose(by_stratum["weight"].sum(), frame, rtol=1e-4)


def test_some_45_percent_are_interviewed_twice_and_keep_their_children(
    rounds: list[Round],
) -> None:
    first, second = rounds
    both = set(first.households["household_id"]) & set(
        second.households["household_id"]
    )
    assert len(both) / len(second.households) == pytest.approx(0.45, abs=0.02)
    same = first.children.merge(second.children, on="child_id")
    assert len(same) > 500
    for column in ("birth_date", "name", "sex", "household_id"):
        assert (same[f"{column}_x"] == same[f"{column}_y"]).all()


def test_questions_are_asked_of_the_right_ages_only(rounds: list[Round]) -> None:
    for wave in rounds:
        rows, months = wave.rows, wave.months
        assert months.between(0, 215).all()
        assert (
            rows["school_attended_this_year"].notna() == months.between(36, 215)
        ).all()
        assert (rows["birth_registered"].notna() == months.between(0, 59)).all()
        assert (rows["stim_read"].notna() == months.between(24, 59)).all()
        assert (rows["selected_5_17"].notna() == months.between(60, 215)).all()
        selected = rows["selected_5_17"] == "yes"
        assert (rows["economic_hours"].notna() == selected).all()
        assert (rows["chores_hours"].notna() == selected).all()


def test_one_child_of_5_to_17_is_selected_in_each_household_that_has_one(
    rounds: list[Round],
) -> None:
    for wave in rounds:
        able = wave.rows[wave.months >= 60]
        selected = able["selected_5_17"].eq("yes").groupby(able["household_id"]).sum()
        assert (selected == 1).all()


def test_household_is_larger_than_its_children(rounds: list[Round]) -> None:
    for wave in rounds:
        count = wave.children.groupby("household_id").size()
        persons = wave.households.set_index("household_id")["persons"]
        assert (persons.reindex(count.index) > count).all()


def test_a_few_zones_are_too_small_to_publish(rounds: list[Round]) -> None:
    for wave in rounds:
        homes = wave.households.groupby("stratum").size()
        assert 1 <= (homes < 5).sum() <= 4
        children = wave.rows.groupby("stratum").size()
        assert children.between(25, 49).any()


def test_two_zones_get_better_and_three_worse(rounds: list[Round]) -> None:
    before, after = (out_of_school_by_zone(wave) for wave in rounds)
    change = after - before
    assert change[["Z01", "Z11"]].max() < -12
    assert change[["Z05", "Z12", "Z13"]].min() > 8


def out_of_school_by_zone(wave: Round) -> pd.Series:
    asked = wave.school_age.between(6, 17)
    out = wave.rows["school_attended_this_year"][asked] == "no"
    return 100 * out.groupby(wave.rows["stratum"][asked]).mean()


def test_need_is_alike_among_neighbours(rounds: list[Round]) -> None:
    rows = rounds[0].rows.drop_duplicates("household_id")
    place = rows[["longitude", "latitude"]].to_numpy()
    lacks = (rows["internet"] == "no").to_numpy().astype(float)
    lacks -= lacks.mean()
    apart = np.hypot(*(place[:, None] - place[None]).transpose(2, 0, 1)) * 100_000
    near = (apart < 150) & (apart > 0)
    far = apart > 900
    product = np.outer(lacks, lacks) / lacks.var()
    assert product[near].mean() > 0.03 > abs(product[far].mean())


def test_names_and_phones_are_invented(rounds: list[Round]) -> None:
    for wave in rounds:
        assert wave.households["phone"].str.startswith("+961 00 ").all()


def test_parcels_of_households_exist(rounds: list[Round]) -> None:
    codes = set(gpd.read_file(TOWN / "parcels.gpkg", ignore_geometry=True)["code"])
    for wave in rounds:
        assert set(wave.households["parcel_code"].dropna()) <= codes
        assert 0 < wave.households["parcel_code"].isna().mean() < 0.06
