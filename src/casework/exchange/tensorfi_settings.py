"""The settings of a foreign configuration, each with its place, and what is lost of them on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final, NamedTuple, TypeVar

from casework.artifact.yaml_places import Places
from casework.model.finding import Finding, Route, Severity

Option = str | int | float | bool | list[str] | list[float]
Choice = TypeVar("Choice", bound=str)

CODES: Final[dict[str, tuple[str, Severity]]] = {
    "IMP-001": ("not-carried-over", "warning"),
    "IMP-002": ("means-something-else", "warning"),
    "IMP-003": ("not-understood", "error"),
    "IMP-004": ("has-no-effect", "info"),
}
"""Code of a loss to its name and severity."""

LOST, DIFFERENT, UNKNOWN, IDLE = CODES


class Remark(NamedTuple):
    """A finding that depends on nothing but the field."""

    code: str
    message: str
    fix: str


class Untranslatable(Exception):  # noqa: N818 - its finding is already told
    """Nothing can be made of the file."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One campaign that a configuration asks for.

    Attributes:
        options: Options of the generator `fault-injection` that the configuration decides.
        seed: Seed.
        part: What sets it apart from other plans of the same file; empty where it is the only one.
    """

    options: dict[str, Option]
    seed: int = 0
    part: str = ""


@dataclass(slots=True)
class Settings:
    """One configuration while it is translated: its values, and the findings so far.

    Attributes:
        tool: Whose configuration it is.
        file: Its path, for the findings.
        data: Its bytes, for the places.
        values: What it says.
        findings: What is lost, differs, is not understood or is idle.
    """

    tool: str
    file: str
    data: bytes
    values: dict[str, Any]
    findings: list[Finding] = field(default_factory=list)
    _places: Places | None = None

    def tell(self, code: str, route: Route, message: str, fix: str) -> None:
        """Add a finding about the field at a route."""
        if self._places is None:
            self._places = Places(self.data)
        line, column = self._places.of(0, route)
        self.findings.append(Finding(code, CODES[code][1], "", route, message, fix, self.file, line, column))

    def remark(self, key: str, index: int | None, remark: Remark) -> None:
        """Add what is always to be said about a field."""
        self.tell(remark.code, (key,) if index is None else (key, index), remark.message, remark.fix)

    def refuse(self, route: Route, message: str, fix: str) -> Untranslatable:
        """Add the finding that ends the translation, and return the exception to raise."""
        self.tell(UNKNOWN, route, message, fix)
        return Untranslatable(message)

    def choice(self, key: str, allowed: Sequence[Choice], default: Choice | None = None) -> Choice:
        """Return the value of a key that has only some values.

        Raises:
            Untranslatable: It is missing without a default, or is none of them.
        """
        if key not in self.values:
            if default is not None:
                return default
            raise self.refuse((), f"`{key}` is missing", f"Add it: {self.tool} needs one of {', '.join(allowed)}.")
        value = str(self.values[key])
        for one in allowed:
            if one == value:
                return one
        near = get_close_matches(value, allowed, 1, 0.5)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise self.refuse((key,), f"`{key}` is {value!r}", f"{hint}{self.tool} knows {', '.join(allowed)}.")

    def whole(self, key: str, low: int, high: int) -> int:
        """Return the value of a key that is a whole number from `low` to `high`.

        Raises:
            Untranslatable: It is missing or something else.
        """
        value = self.values.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            said = "is missing" if key not in self.values else f"is {value!r}"
            raise self.refuse(
                (key,) if key in self.values else (), f"`{key}` {said}", f"Give a whole number from {low} to {high}."
            )
        return value

    def ignore_unknown(self, known: Sequence[str]) -> None:
        """Tell of keys that the tool does not read, which are ignored here as they are there."""
        for key in self.values:
            if key not in known:
                near = get_close_matches(key, known, 1, 0.6)
                fix = f"Did you mean {near[0]}? Else drop it." if near else "Drop it."
                self.tell(IDLE, (key,), f"{self.tool} does not read `{key}`, and nothing is made of it here", fix)
