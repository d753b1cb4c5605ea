"""The closed grammar of typed formulas: numbers, names, + - * / ^, functions, brackets.

    sum      = product (("+" | "-") product)*
    product  = signed (("*" | "/") signed)*
    signed   = ("+" | "-") signed | power
    power    = atom (("^" | "**") signed)?
    atom     = number | name | name "(" sum ("," sum)* ")" | "(" sum ")"

Formulas become sympy trees, node by node; no text is ever run.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy as sp

from engine.data.errors import OpenError
from engine.pde.expressions import FUNCTIONS

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z]\w*)|(?P<sign>\*\*|[-+*/^(),]))",
    re.ASCII,
)
DEEPEST = 60
"""Brackets in brackets."""
LARGEST_EXPONENT = 20
LARGEST_ARGUMENT = 1e12
"""Of a function of a number: beyond it a sine has no digits that mean anything."""


class TextError(OpenError):
    """What is wrong with a typed text and where: `place` counts characters from 0."""

    def __init__(self, message: str, text: str, place: int) -> None:
        self.place = place
        line = text.count("\n", 0, place) + 1
        column = place - (text.rfind("\n", 0, place) + 1) + 1
        where = f"Line {line}, place {column}" if "\n" in text.strip() else f"Place {column}"
        super().__init__(f"{where}: {message}")


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    place: int


def tokens(text: str, start: int, end: int) -> list[Token]:
    """The words of text[start:end]; the last one has the kind "end"."""
    found: list[Token] = []
    place = start
    while True:
        while place < end and text[place].isspace():
            place += 1
        if place >= end:
            return [*found, Token("end", "", end)]
        match = _TOKEN.match(text, place, end)
        if match is None or match.lastgroup is None:
            raise TextError(f"'{text[place]}' has no meaning here.", text, place)
        word = match.group(match.lastgroup)
        found.append(Token(match.lastgroup, word, match.end() - len(word)))
        place = match.end()


Resolve = Callable[[str, int], Any]
"""From a name and its place to a formula; raises `TextError`."""


class Reader:
    """Reads one formula of text[start:end]. `derivative(formula, axis name, place)` gives meaning
    to d(formula, x)."""

    def __init__(
        self, text: str, start: int, end: int, resolve: Resolve, derivative: Any = None
    ) -> None:
        self.text = text
        self.words = tokens(text, start, end)
        self.at = 0
        self.depth = 0
        self.resolve = resolve
        self.derivative = derivative

    def whole(self) -> sp.Expr:
        """The formula; all words must be used up."""
        if self.now.kind == "end":
            raise TextError("A formula is missing here.", self.text, self.now.place)
        found = self.sum()
        if self.now.kind != "end":
            raise self.fail(f"expected an operator such as * or + before '{self.now.text}'.")
        return found

    @property
    def now(self) -> Token:
        return self.words[self.at]

    def fail(self, message: str) -> TextError:
        return TextError(message[:1].upper() + message[1:], self.text, self.now.place)

    def take(self, *signs: str) -> Token | None:
        if self.now.kind == "sign" and self.now.text in signs:
            self.at += 1
            return self.words[self.at - 1]
        return None

    def sum(self) -> sp.Expr:
        terms = [self.product()]
        while sign := self.take("+", "-"):
            right = self.product()
            terms.append(right if sign.text == "+" else -right)
        # One sum of all: term by term it would take a time that grows with their square.
        return sp.Add(*terms)

    def product(self) -> sp.Expr:
        found = self.signed()
        while sign := self.take("*", "/"):
            right = self.signed()
            if sign.text == "/" and right == 0:
                raise TextError("Division by zero.", self.text, sign.place)
            found = found * right if sign.text == "*" else found / right
        return found

    def signed(self) -> sp.Expr:
        if sign := self.take("+", "-"):
            self.deeper()
            found = self.signed()
            self.depth -= 1
            return found if sign.text == "+" else -found
        return self.power()

    def power(self) -> sp.Expr:
        base = self.atom()
        sign = self.take("^", "**")
        if sign is None:
            return base
        self.deeper()
        exponent = self.signed()
        self.depth -= 1
        if exponent.is_number and abs(float(exponent)) > LARGEST_EXPONENT:
            message = f"An exponent may be at most {LARGEST_EXPONENT}."
            raise TextError(message, self.text, sign.place)
        if base.is_Pow and base.exp.is_number and exponent.is_number:
            whole = float(base.exp * exponent)
            if abs(whole) > LARGEST_EXPONENT:
                message = f"Exponents may multiply to at most {LARGEST_EXPONENT}, got {whole:g}."
                raise TextError(message, self.text, sign.place)
        if base == 0 and exponent.is_number and float(exponent) < 0:
            raise TextError("Division by zero.", self.text, sign.place)
        if base.is_number and exponent.is_number:
            value = base.evalf(20) ** exponent
            if not (value.is_real and value.is_finite):
                raise TextError("This power is not a real number.", self.text, sign.place)
            if not (base.is_Integer and exponent.is_Integer):
                return value
        return base**exponent

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fail(f"the formula is nested more than {DEEPEST} deep.")

    def atom(self) -> sp.Expr:
        word = self.now
        if self.take("("):
            self.deeper()
            found = self.sum()
            self.close()
            self.depth -= 1
            return found
        if word.kind == "number":
            self.at += 1
            if len(word.text) > 30:
                raise TextError("This number has too many digits.", self.text, word.place)
            if float(word.text) == float("inf"):
                raise TextError("This number is too large.", self.text, word.place)
            return sp.Integer(word.text) if word.text.isdigit() else sp.Float(word.text)
        if word.kind == "name":
            self.at += 1
            if self.take("("):
                return self.call(word)
            if word.text == "pi":
                return sp.pi
            return self.resolve(word.text, word.place)
        raise self.fail(
            f"expected a number, a name or a bracket, found '{word.text or 'the end'}'."
        )

    def close(self) -> None:
        if not self.take(")"):
            raise self.fail(f"expected ')', found '{self.now.text or 'the end'}'.")

    def call(self, word: Token) -> sp.Expr:
        self.deeper()
        first = self.sum()
        if word.text == "d" and self.derivative is not None and self.take(","):
            axis = self.now
            self.at += 1
            self.close()
            self.depth -= 1
            return self.derivative(first, axis.text, axis.place)
        self.close()
        self.depth -= 1
        if word.text not in FUNCTIONS:
            known = ", ".join(FUNCTIONS)
            message = f"There is no function '{word.text}'; there are: {known}."
            raise TextError(message, self.text, word.place)
        if first.is_number and abs(first.evalf(20)) > LARGEST_ARGUMENT:
            message = f"'{word.text}' of so large a number cannot be computed."
            raise TextError(message, self.text, word.place)
        found = FUNCTIONS[word.text](first)
        if found.is_number and found.is_finite is False:
            message = f"'{word.text}' has no finite value here."
            raise TextError(message, self.text, word.place)
        return found
