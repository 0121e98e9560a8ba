"""XPath into closures, by recursive descent, with its paths resolved against the form."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from surveys.questionnaires.evaluation import NOW, At, Expression, Run, Value
from surveys.questionnaires.functions import (
    FUNCTIONS,
    VOLATILE,
    ExpressionError,
    as_boolean,
    as_number,
    as_text,
    compare,
)
from surveys.questionnaires.scope import Scope

TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>\d+(?:\.\d*)?|\.\d+)
    | (?P<literal>"[^"]*"|'[^']*')
    | (?P<symbol>::|//|\.\.|<=|>=|!=|[()\[\],/.@|+\-=<>*])
    | (?P<name>[^\W\d][\w.\-]*(?::[^\W\d][\w.\-]*)?)
    )""",
    re.VERBOSE,
)
PRECEDENCE = (
    ("or",),
    ("and",),
    ("=", "!="),
    ("<", "<=", ">", ">="),
    ("+", "-"),
    ("*", "div", "mod"),
)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = TOKEN.match(text, at)
        if found is None:
            raise ExpressionError(f"{text[at : at + 20]!r} is not XPath")
        kind = found.lastgroup or ""
        yield kind, found[kind]
        at = found.end()


class Parser:
    def __init__(self, scope: Scope, text: str, path: str, item: bool) -> None:
        self.scope, self.path, self.in_item = scope, path, item
        self.table = scope.table_at(path)
        self.tokens = [*_tokens(text), ("end", "")]
        self.place = 0
        self.needs: set[tuple[str, str]] = set()
        self.plain = not item
        self.dated = False

    def expression(self) -> Expression:
        run = self._binary(0)
        if self._next()[0] != "end":
            raise ExpressionError(f"unexpected {self.tokens[self.place - 1][1]!r}")
        return Expression(run, frozenset(self.needs), self.plain, self.dated)

    def _peek(self, ahead: int = 0) -> str:
        at = min(self.place + ahead, len(self.tokens) - 1)
        kind, text = self.tokens[at]
        return "" if kind == "literal" else text

    def _next(self) -> tuple[str, str]:
        self.place += 1
        return self.tokens[min(self.place, len(self.tokens)) - 1]

    def _take(self, text: str) -> bool:
        if self._peek() == text:
            self.place += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise ExpressionError(f"{text!r} is missing before {self._peek()!r}")

    def _binary(self, level: int) -> Run:
        if level == len(PRECEDENCE):
            return self._unary()
        left = self._binary(level + 1)
        while self._peek() in PRECEDENCE[level]:
            sign = self._next()[1]
            left = _operation(sign, left, self._binary(level + 1))
        return left

    def _unary(self) -> Run:
        if self._take("-"):
            inner = self._unary()
            return lambda at: -as_number(inner(at))
        run = self._primary()
        while self._take("|"):
            run = _union(run, self._primary())
        return run

    def _primary(self) -> Run:
        kind, text = self.tokens[self.place]
        if kind == "number":
            self.place += 1
            number = float(text)
            return lambda at: number
        if kind == "literal":
            self.place += 1
            words = text[1:-1]
            return lambda at: words
        if text == "(":
            self.place += 1
            run = self._binary(0)
            self._expect(")")
            return run
        if kind == "name" and self._peek(1) == "(":
            return self._call()
        return self._location()

    def _call(self) -> Run:
        name = self._next()[1]
        self._expect("(")
        own = {
            "instance": self._instance,
            "current": self._current,
            "position": self._position,
            "indexed-repeat": self._indexed,
            "jr:choice-name": self._choice_name,
            "today": self._today,
            "now": self._now,
        }.get(name)
        if own is not None:
            return own()
        arguments = self._arguments()
        if name not in FUNCTIONS:
            raise ExpressionError(f"the function {name}() is not known")
        if name in VOLATILE:
            self.plain = False
        function, lookups = FUNCTIONS[name], self.scope.lookups
        if name in {"if", "coalesce"}:
            return lambda at: function(lookups, *(_late(run, at) for run in arguments))
        return lambda at: function(lookups, *(run(at) for run in arguments))

    def _current(self) -> Run:
        self._expect(")")
        self._expect("/")
        return self._location(of_question=True)

    def _now(self) -> Run:
        self._expect(")")
        self.dated = True
        present = self.scope.lookups.today

        def run(at: At) -> Value:
            home = at.node.up_to("")
            return home.values.get(NOW, present) if home else present

        return run

    def _today(self) -> Run:
        moment = self._now()
        return lambda at: moment(at).date()

    def _arguments(self) -> list[Run]:
        found: list[Run] = []
        if self._take(")"):
            return found
        while True:
            found.append(self._binary(0))
            if self._take(")"):
                return found
            self._expect(",")

    def _choice_name(self) -> Run:
        value, where = self._arguments()
        labels = self.scope.lookups.labels

        def run(at: At) -> Value:
            # The path is written as a text, at times with a space around it.
            words = labels.get(as_text(where(at)).strip(), {})
            chosen = as_text(value(at))
            return words.get(chosen, chosen)

        return run

    def _position(self) -> Run:
        self.plain = False
        if self._take(")"):
            return lambda at: float(at.position or at.node.ordinal)
        path = self._path()
        self._expect(")")
        table = self.scope.table_at(path)

        def run(at: At) -> Value:
            node = at.node.up_to(table)
            return float(node.ordinal) if node else 1.0

        return run

    def _indexed(self) -> Run:
        self.plain = False
        target = self._question(self._path())
        steps: list[tuple[str, Run]] = []
        while self._take(","):
            table = self.scope.table_at(self._path())
            self._expect(",")
            steps.append((table, self._binary(0)))
        self._expect(")")
        self.needs.add(target)

        def run(at: At) -> Value:
            node = at.node
            while node.parent:
                node = node.parent
            for table, index in steps:
                rows = node.below.get(table, [])
                place = int(as_number(index(at)) or 0)
                if not 1 <= place <= len(rows):
                    return ""
                node = rows[place - 1]
            return node.values.get(target[1], "")

        return run

    def _instance(self) -> Run:
        """`instance('list')/root/item[filter]/column`, with filters of any number."""
        kind, name = self._next()
        if kind != "literal":
            raise ExpressionError("instance() wants the name of a list")
        self._expect(")")
        for step in ("/", "root", "/", "item"):
            self._expect(step)
        self.plain = False
        filters = []
        outside, self.in_item = self.in_item, True
        while self._take("["):
            filters.append(self._binary(0))
            self._expect("]")
        self.in_item = outside
        column = self._next()[1] if self._take("/") else "name"
        rows = self.scope.lists.get(name[1:-1])
        if rows is None:
            # Made for each phone: what depends on it can't be judged here.
            self.needs.add(("", f"instance({name})"))
            rows = []

        def run(at: At) -> Value:
            found = rows
            for test in filters:
                found = [
                    row
                    for place, row in enumerate(found, start=1)
                    if _passes(test(At(at.node, row, place)), place)
                ]
            return [row.get(column, "") for row in found]

        return run

    def _location(self, of_question: bool = False) -> Run:
        kind, text = self.tokens[self.place]
        if self.in_item and not of_question and kind == "name":
            self.place += 1
            return lambda at: "" if at.item is None else at.item.get(text, "")
        return self._reader(self._path())

    def _path(self) -> str:
        """The absolute path; the place moves behind it."""
        if self.tokens[self.place] == ("name", "current"):
            for step in ("current", "(", ")", "/"):
                self._expect(step)
        steps = [] if self._take("/") else self.path.split("/")[1:]
        while True:
            kind, text = self._next()
            if text == "..":
                steps = steps[:-1]
            elif kind == "name":
                steps.append(text)
            elif text != ".":
                raise ExpressionError(f"unexpected {text!r}")
            self._own_row()
            if not self._take("/"):
                return "/" + "/".join(steps)

    def _own_row(self) -> None:
        """`[position() = position(..)]`, which says what a path in a repeat means
        anyway; another filter of the form's own rows is refused rather than guessed.
        """
        if self._peek() != "[":
            return
        depth, words = 0, []
        while True:
            kind, text = self._next()
            if kind == "end":
                raise ExpressionError("']' is missing")
            depth += (text == "[") - (text == "]")
            words.append(text)
            if not depth:
                break
        if not re.fullmatch(r"\[position\(\)=position\([./]+\)\]", "".join(words)):
            raise ExpressionError(f"{' '.join(words)} is not supported")

    def _question(self, path: str) -> tuple[str, str]:
        try:
            return self.scope.questions[path]
        except KeyError:
            raise ExpressionError(f"there is no question {path}") from None

    def _reader(self, path: str) -> Run:
        if self.scope.tables.get(path):
            return self._rows(self.scope.tables[path], None)
        table, key = self._question(path)
        self.needs.add((table, key))
        if table in self._chain(self.table):
            return _single(table, key)
        return self._rows(table, key)

    def _chain(self, table: str | None) -> list[str]:
        found: list[str] = []
        while table is not None:
            found.append(table)
            table = self.scope.parents[table]
        return found

    def _rows(self, table: str, key: str | None) -> Run:
        """Every row of `table` below the nearest row that it shares with this place."""
        self.plain = False
        own = self._chain(self.table)
        way = self._chain(table)
        shared = next(
            each for each in own if each in way and (each != table or key is not None)
        )
        down = way[: way.index(shared)][::-1]

        def run(at: At) -> Value:
            start = at.node.up_to(shared)
            nodes = [] if start is None else [start]
            for name in down:
                nodes = [row for each in nodes for row in each.below.get(name, [])]
            if key is None:
                return ["1"] * len(nodes)
            return [node.values[key] for node in nodes if key in node.values]

        return run


def _single(table: str, key: str) -> Run:
    def run(at: At) -> Value:
        node = at.node.up_to(table)
        return "" if node is None else node.values.get(key, "")

    return run


def _late(run: Run, at: At) -> Callable[[], Value]:
    return lambda: run(at)


def _passes(result: Value, place: int) -> bool:
    if isinstance(result, float):
        return result == place
    return as_boolean(result)


def _union(left: Run, right: Run) -> Run:
    def run(at: At) -> Value:
        found = []
        for each in (left(at), right(at)):
            found += each if isinstance(each, list) else [each]
        return found

    return run


def _operation(sign: str, left: Run, right: Run) -> Run:
    if sign == "or":
        return lambda at: as_boolean(left(at)) or as_boolean(right(at))
    if sign == "and":
        return lambda at: as_boolean(left(at)) and as_boolean(right(at))
    if sign in ARITHMETIC:
        work = ARITHMETIC[sign]
        return lambda at: work(as_number(left(at)), as_number(right(at)))
    return lambda at: compare(sign, left(at), right(at))


def _divided(left: float, right: float) -> float:
    if right:
        return left / right
    return float("nan") if not left or left != left else left * float("inf")


def _remainder(left: float, right: float) -> float:
    """With the sign of the dividend, as XPath has it."""
    if not right or left != left or right != right:
        return float("nan")
    rest = abs(left) % abs(right)
    return -rest if left < 0 else rest


ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "div": _divided,
    "mod": _remainder,
}
