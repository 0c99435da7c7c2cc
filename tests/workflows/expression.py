"""Expressions of GitHub's workflows: `${{ needs.linux.result == 'success' }}`.

What our workflows use of them: literals, contexts, comparison, `!`, `&&`, `||`, and the functions
below. Values are those of JSON. Anything else is refused, and never guessed.
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
    """It is no expression, or asks for what there is not; the message says which."""


def substitute(text: str, contexts: Mapping[str, Any], functions: Functions) -> Any:
    """A value of a workflow, its expressions evaluated.

    Returns:
      What the expression gives, if the text is one and nothing else; else a string.

    Raises:
      ExpressionError: an expression cannot be evaluated.
    """
    if whole := _EMBEDDED.fullmatch(text.strip()):
        return evaluate(whole[1], contexts, functions)
    return _EMBEDDED.sub(lambda found: _string(evaluate(found[1], contexts, functions)), text)


def condition(text: str | None, contexts: Mapping[str, Any], functions: Functions) -> bool:
    """Whether an `if` holds; one that asks nothing of the status wants success of all before.

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
        raise ExpressionError(f"{text.strip()}: nothing is known of {reader.tokens[0]!r} there")
    return value


@dataclass(slots=True)
class _Reader:
    """Reads tokens from left to right; what `&&` and `||` pass over is read all the same."""

    text: str
    contexts: Mapping[str, Any]
    functions: Functions
    tokens: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = []
        at = 0
        while self.text[at:].strip():
            if not (found := _TOKEN.match(self.text, at)):
                raise ExpressionError(f"{self.text.strip()}: cannot be read at {self.text[at:]!r}")
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
            raise ExpressionError(f"{self.text.strip()}: no function {name} is known")
        return self.functions[name](*arguments)

    def _context(self, path: str) -> Any:
        found: Any = self.contexts
        for name in path.split("."):
            if not isinstance(found, Mapping) or name not in found:
                raise ExpressionError(f"{self.text.strip()}: there is no {path}")
            found = found[name]
        return found

    def _take(self, token: str) -> bool:
        if self.tokens[:1] == [token]:
            self.tokens.pop(0)
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise ExpressionError(f"{self.text.strip()}: a {token} is missing")


def _format(pattern: str, *values: Any) -> str:
    return re.sub(r"\{(\d+)\}", lambda found: _string(values[int(found[1])]), pattern)


def _string(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _folded(value: Any) -> Any:
    """Strings are compared without regard to case."""
    return value.casefold() if isinstance(value, str) else value
