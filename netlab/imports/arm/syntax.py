"""Expressions of ARM templates: text -> a tree.

Grammar (10.7): a string that begins with `[` and ends with `]` is an expression; `[[` is an escaped `[`. Strings stand
in single quotes, a quote inside is doubled; numbers are integers; values have `.name`, `.?name`, `[index]`, `[?index]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from netlab.imports.arm.values import EvaluationError

LONGEST_EXPRESSION = 24_576
"""Azure refuses longer ones: learn.microsoft.com/azure/azure-resource-manager/templates/best-practices, limits."""
DEEPEST_EXPRESSION = 60
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?![\w.]))|(?P<name>[A-Za-z_]\w*(?:\.\w+)*(?=\s*\())"
    r"|(?P<member>\.\??\s*[A-Za-z_$][\w$-]*)|(?P<mark>\[\?|[\[\](),]))"
)


@dataclass(frozen=True, slots=True)
class Literal:
    """A string or a number."""

    value: str | int


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments; the name in small letters."""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A property or an element of a value; of a safe one that is missing the value is null."""

    of: Expression
    key: Expression
    safe: bool


Expression = Literal | Call | Member


def is_expression(text: str) -> bool:
    """Whether a string of a template is an expression."""
    return text.startswith("[") and text.endswith("]") and not text.startswith("[[") and len(text) > 2


def unescaped(text: str) -> str:
    """A literal string of a template."""
    return text[1:] if text.startswith("[[") else text


@lru_cache(maxsize=4096)
def parsed(text: str) -> Expression:
    """The tree of an expression, which stands in brackets; EvaluationError where it is none."""
    if len(text) > LONGEST_EXPRESSION:
        raise EvaluationError(f"an expression has more than {LONGEST_EXPRESSION} characters")
    reader = _Reader(text[1:-1])
    tree = reader.expression(0)
    reader.end()
    return tree


def walked(tree: Expression) -> Iterator[Expression]:
    """An expression and everything in it."""
    yield tree
    inner = tree.arguments if isinstance(tree, Call) else (tree.of, tree.key) if isinstance(tree, Member) else ()
    for part in inner:
        yield from walked(part)


class _Reader:
    """Reads an expression from the left to the right."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text.rstrip(), 0
        self._kind, self._token = "", ""
        self._next()

    def expression(self, depth: int) -> Expression:
        if depth > DEEPEST_EXPRESSION:
            raise EvaluationError(f"an expression is nested deeper than {DEEPEST_EXPRESSION}")
        tree = self._primary(depth)
        while self._kind == "member" or self._token in ("[", "[?"):
            tree = self._member(tree, depth)
        return tree

    def end(self) -> None:
        if self._kind:
            raise EvaluationError(f"an expression has something after its end, at character {self._at}")

    def _primary(self, depth: int) -> Expression:
        kind, token = self._kind, self._token
        self._next()
        if kind == "text":
            return Literal(token[1:-1].replace("''", "'"))
        if kind == "number":
            return Literal(int(token))
        if kind != "name":
            raise EvaluationError(f"an expression cannot be read at character {self._at}")
        self._take("(")
        arguments: list[Expression] = []
        while self._token != ")":
            if arguments:
                self._take(",")
            arguments.append(self.expression(depth + 1))
        self._take(")")
        return Call(token.lower(), tuple(arguments))

    def _member(self, of: Expression, depth: int) -> Expression:
        token = self._token
        safe = "?" in token
        self._next()
        if token.startswith("."):
            return Member(of, Literal(token.lstrip(".? \t\r\n")), safe)
        key = self.expression(depth + 1)
        self._take("]")
        return Member(of, key, safe)

    def _take(self, token: str) -> None:
        if self._kind != "mark" or self._token != token:
            raise EvaluationError(f"an expression lacks {token!r} at character {self._at}")
        self._next()

    def _next(self) -> None:
        if self._at >= len(self._text):
            self._kind, self._token = "", ""
            return
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            raise EvaluationError(f"an expression cannot be read at character {self._at + 1}")
        self._at = found.end()
        self._kind = str(found.lastgroup)
        self._token = found[self._kind]
