"""The keys of a specification, checked one by one before any data is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from layers.indicators.management.data import DataError

Choice = TypeVar("Choice", bound=StrEnum)


class Keys:
    """A JSON object whose keys are taken one after another; what is left is unknown.

    `place` names the object in messages. Every method raises DataError.
    """

    def __init__(
        self, given: Mapping[str, Any], place: str = "The specification"
    ) -> None:
        self.given, self.place = dict(given), place
        self.known: list[str] = []

    def _take(self, name: str) -> Any:
        self.known.append(name)
        return self.given.pop(name, None)

    def column(self, name: str) -> str | None:
        """The name of one column, or None; a list of one name will do."""
        columns = self.columns(name)
        if len(columns) > 1:
            raise self.error(name, f"names {len(columns)} columns; it takes one")
        return columns[0] if columns else None

    def needed(self, name: str) -> str:
        found = self.column(name)
        if found is None:
            raise DataError(f'{self.place} needs "{name}": the name of a column.')
        return found

    def columns(self, name: str) -> list[str]:
        """Names of columns; a single name will do."""
        value = self._take(name)
        if value is None:
            return []
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, list) or not all(
            isinstance(one, str) for one in found
        ):
            raise self.error(name, "is a column's name or a list of names")
        if twice := [one for one in found if found.count(one) > 1]:
            raise self.error(name, f'names the column "{twice[0]}" twice')
        return found

    def choice(self, name: str, kind: type[Choice], usual: Choice | None) -> Choice:
        value = self._take(name)
        if value is None and usual is not None:
            return usual
        if value not in list(kind):
            choices = ", ".join(kind)
            raise self.error(name, f"is {value!r}; it must be one of {choices}")
        return kind(value)

    def number(self, name: str, usual: float) -> float:
        value = self._take(name)
        if value is None:
            return usual
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(name, f"is {value!r}; it must be a number")
        return float(value)

    def share(self, name: str, usual: float) -> float:
        value = self.number(name, usual)
        if not 0.0 < value < 1.0:
            raise self.error(
                name, f"is {value:g}; it lies between 0 and 1, as 0.95 does"
            )
        return value

    def truth(self, name: str, usual: bool) -> bool:
        value = self._take(name)
        if value is not None and not isinstance(value, bool):
            raise self.error(name, f"is {value!r}; it must be true or false")
        return usual if value is None else value

    def part(self, name: str) -> Keys | None:
        """An object inside this one."""
        value = self._take(name)
        if value is None:
            return None
        return Keys(self._object(name, value), f'"{name}"')

    def parts(self, name: str) -> list[Keys]:
        """A list of objects; a single object will do."""
        value = self._take(name)
        if value is None:
            return []
        found = [value] if isinstance(value, Mapping) else value
        if not isinstance(found, list):
            raise self.error(name, "is a list of objects, each in braces")
        return [
            Keys(self._object(name, one), f'"{name}" {place}')
            for place, one in enumerate(found, start=1)
        ]

    def mapping(self, name: str) -> Mapping[str, Any]:
        return self._object(name, self._take(name))

    def _object(self, name: str, value: Any) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise self.error(name, "is an object, in braces")
        return value

    def done(self) -> None:
        """Raises DataError for a key that nothing asked for."""
        if self.given:
            raise DataError(
                f'{self.place} has an unknown key "{next(iter(self.given))}". '
                f"There are: {', '.join(_once(self.known))}."
            )

    def error(self, name: str, words: str) -> DataError:
        return DataError(f'{self.place}: "{name}" {words}.')


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
