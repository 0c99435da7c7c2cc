"""Expressions of GitHub workflows: `${{ needs.linux.result == 'success' }}`.

Supports what our workflows use: literals, contexts, comparisons, `!`, `&&`, `||`, and functions.
Values are those of JSON. Anything else is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(\d+)|(==|!=|&&|\|\||[!(),])|([A-Za-z_][\w.-]*))")
_EMBEDDED = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_STATUS_FUNCTIONS = ("always", "cancelled", "failure", "success")

Functions = Mapping[str, Callable[..., Any]]


class ExpressionError(Exception):
    """An expression is invalid, or uses an unknown name; the message includes it."""


def substitute(text: str, contexts: Mapping[str, Any], functions: Functions) -> Any:
    """Evaluates the expressions in a value of a workflow.

    Returns:
      The value of the expression if the text is a single expression, else a string.

    Raises:
      ExpressionError: an expression cannot be evaluated.
    """
    if whole := _EMBEDDED.fullmatch(text.strip()):
        return evaluate(whole[1], contexts, functions)
    return _EMBEDDED.sub(lambda found: _string(evaluate(found[1], contexts, functions)), text)


def condition(text: str | None, contexts: Mapping[str, Any], functions: Functions) -> bool:
    """Evaluates an `if`; without a status function it also requires that all before succeeded.

    Raises:
      ExpressionError: it cannot be evaluated.
    """
    inner = _EMBEDDED.sub(r"\1", text or "success()")
    if not re.search(rf"\b({'|'.join(_STATUS_FUNCTIONS)})\(", inner):
        inner = f"success() && ({inner})"
    return bool(evaluate(inner, contexts, functions))


def evaluate(text: str, contexts: Mapping[str, Any], functions: Functions) -> Any:
    """The value of an expression.

    Raises:
      ExpressionError: it cannot be evaluated.
    """
    reader = _Reader(text, contexts, {"format": _format, **functions})
    value = reader.alternatives()
    if reader.tokens:
        raise ExpressionError(f"{text.strip()}: unexpected {reader.tokens[0]!r}")
    return value


@dataclass(slots=True)
class _Reader:
    """Evaluates tokens from left to right, including the operands that `&&` and `||` ignore."""

    text: str
    contexts: Mapping[str, Any]
    functions: Functions
    tokens: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = []
        at = 0
        while self.text[at:].strip():
            if not (found := _TOKEN.match(self.text, at)):
                raise ExpressionError(f"{self.text.strip()}: invalid syntax at {self.text[at:]!r}")
            self.tokens.append(found[0].strip())
            at = found.end()

    def alternatives(self) -> Any:
        value = self.conjunction()
        while self._take("||"):
            other = self.conjunction()
            value = value or other
        return value

    def conjunction(self) -> Any:
        value = self.comparison()
        while self._take("&&"):
            other = self.comparison()
            value = value and other
        return value

    def comparison(self) -> Any:
        value = self.operand()
        for sign in ("==", "!="):
            if self._take(sign):
                return (_folded(value) == _folded(self.operand())) == (sign == "==")
        return value

    def operand(self) -> Any:
        if self._take("!"):
            return not self.operand()
        if self._take("("):
            value = self.alternatives()
            self._expect(")")
            return value
        token = self.tokens.pop(0) if self.tokens else ""
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token.isdigit():
            return int(token)
        if token in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[token]
        if self._take("("):
            return self._call(token)
        return self._context(token)

    def _call(self, name: str) -> Any:
        arguments = []
        while not self._take(")"):
            arguments.append(self.alternatives())
            if not self._take(","):
                self._expect(")")
                break
        if name not in self.functions:
            raise ExpressionError(f"{self.text.strip()}: unknown function {name}")
        return self.functions[name](*arguments)

    def _context(self, path: str) -> Any:
        found: Any = self.contexts
        for name in path.split("."):
            if not isinstance(found, Mapping) or name not in found:
                raise ExpressionError(f"{self.text.strip()}: {path} does not exist")
            found = found[name]
        return found

    def _take(self, token: str) -> bool:
        if self.tokens[:1] == [token]:
            self.tokens.pop(0)
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise ExpressionError(f"{self.text.strip()}: expected {token}")


def _format(pattern: str, *values: Any) -> str:
    return re.sub(r"\{(\d+)\}", lambda found: _string(values[int(found[1])]), pattern)


def _string(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _folded(value: Any) -> Any:
    """Ignores the case of strings, as comparisons do."""
    return value.casefold() if isinstance(value, str) else value
