from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.order import DIVIDED, ByFile, longest_first

ROOT = Path(__file__).resolve().parent.parent


class Item(SimpleNamespace):
    def get_closest_marker(self, name):
        return name if name in self.marks else None


def test_slow_files_come_first_and_one_loads_the_demo_for_those_that_wait():
    asked = [
        ("quick.py", 2, (), ()),
        ("page.py", 1, ("slow",), ("live_town",)),
        ("many.py", 3, (), ("db",)),
        ("long.py", 1, ("slow",), ()),
        ("other_page.py", 1, (), ("live_town",)),
    ]
    items = [
        Item(path=Path(file), marks=marks, fixturenames=fixtures, number=number)
        for file, count, marks, fixtures in asked
        for number in range(count)
    ]
    longest_first(items)
    found = [item.path.name for item in items]
    assert list(dict.fromkeys(found)) == [
        "page.py",
        "long.py",
        "other_page.py",
        "many.py",
        "quick.py",
    ]
    assert [item.number for item in items if item.path.name == "many.py"] == [0, 1, 2]


@pytest.mark.parametrize("file", DIVIDED)
def test_a_divided_file_goes_out_in_the_parts_of_its_first_parameter(file):
    assert (ROOT / file).exists()
    scope = object.__new__(ByFile)._split_scope
    parts = [scope(f"{file}::test_it[{name}]") for name in ("ar-a", "ar-b", "fr-a")]
    assert parts[0] == parts[1] != parts[2]
    assert scope("tests/test_run.py::test_it[a-b]") == "tests/test_run.py"
