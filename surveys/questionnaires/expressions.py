"""XPath as phones evaluate it (JavaRosa's reading of XPath 1.0), over answers.

Pure. An expression is compiled once for the question it stands at into closures, with
its paths resolved against the form, so that a row of a file costs look-ups and no
parsing. An expression that depends on a few answers only is remembered by them.
"""

from surveys.questionnaires.evaluation import Expression
from surveys.questionnaires.parsing import Parser
from surveys.questionnaires.scope import Scope


class Compiler:
    """The expressions of one form, each compiled once."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._made: dict[tuple[str, str, bool], Expression] = {}

    def compile(self, text: str, path: str, *, item: bool = False) -> Expression:
        """Of the expression `text` at the question or group `path`; `item` tells that
        it filters the rows of a list. Raises ExpressionError.
        """
        known = (text, path, item)
        if known not in self._made:
            self._made[known] = Parser(self.scope, text, path, item).expression()
        return self._made[known]
