"""The payload: an in-toto Statement v1 with our result record, read as a closed schema in canonical form."""

from __future__ import annotations

from typing import Any, Final

from pydantic import ValidationError

from casework.artifact.digest import is_canonical
from casework.artifact.strict_json import read_json
from casework.attest.carrier import Problem
from casework.attest.codes import shown
from casework.model.result import PREDICATE_TYPE, STATEMENT_TYPE, Statement

_MAX_PROBLEMS: Final = 5


def read_canonical(payload: bytes) -> Any | Problem:
    """Read signed JSON strictly and refuse any form but the canonical one; positions are within the payload."""
    reading = read_json(payload)
    if reading.problem is not None:
        found = reading.problem
        return Problem(found.code, f"payload, byte {found.offset}: {found.message}")
    if not is_canonical(reading.value, payload):
        return Problem("PRS-008", "the payload is not in canonical form")
    return reading.value


def read_statement(payload: bytes) -> Statement | tuple[Problem, ...]:
    """Read a statement: one document, canonical, one subject by SHA-256, our predicate, closed schema.

    Returns:
        The statement, or what is wrong with it (at least one problem). Never raises, whatever the bytes.
    """
    value = read_canonical(payload)
    if isinstance(value, Problem):
        return (value,)
    problem = _kind_problem(value) or _subject_problem(value)
    if problem is not None:
        return (problem,)
    try:
        # From the bytes, because only so do strict tuples take JSON's lists. Canonical bytes mean one thing.
        return Statement.model_validate_json(payload)
    except ValidationError as error:
        return schema_problems(error)


def schema_problems(error: ValidationError) -> tuple[Problem, ...]:
    """Turn misfits with the schema into problems, the first five, in the order of their fields."""
    misfits = error.errors(include_url=False, include_context=False, include_input=False)
    found = [
        Problem(_code_of(misfit["loc"]), f"payload: `{_route(misfit['loc'])}`: {misfit['msg'][:150]}")
        for misfit in misfits
    ]
    return tuple(found[:_MAX_PROBLEMS])


def _kind_problem(value: Any) -> Problem | None:
    if not isinstance(value, dict):
        return Problem("BND-000", "the payload is no statement: it is no JSON object")
    for name, expected in (("_type", STATEMENT_TYPE), ("predicateType", PREDICATE_TYPE)):
        if value.get(name) != expected:
            given = value.get(name)
            said = f"`{shown(given)}`" if isinstance(given, str) else "not given"
            return Problem("BND-000", f"`{name}` of the statement is {said}; `{expected}` is expected")
    return None


def _subject_problem(value: dict[str, Any]) -> Problem | None:
    subjects = value.get("subject")
    if not isinstance(subjects, list) or len(subjects) != 1:
        count = len(subjects) if isinstance(subjects, list) else 0
        return Problem("BND-007", f"the statement has {count} subjects; exactly one is expected")
    digest = subjects[0].get("digest") if isinstance(subjects[0], dict) else None
    if not isinstance(digest, dict) or set(digest) != {"sha256"}:
        names = (
            ", ".join(sorted(shown(name, 20) for name in digest)[:4]) if isinstance(digest, dict) and digest else "none"
        )
        return Problem("BND-007", f"the subject is named by digest {names}; sha256 alone is expected")
    return None


def _code_of(route: tuple[int | str, ...]) -> str:
    match route:
        case ("predicate", "status", *_):
            return "RES-003"
        case ("predicate", "metrics", int(), "value" | "ci_low" | "ci_high" | "n" | "k", *_):
            return "RES-004"
        case _:
            return "PRS-007"


def _route(route: tuple[int | str, ...]) -> str:
    text = ""
    for step in route:
        text += f"[{step}]" if isinstance(step, int) else f".{shown(step, 40)}"
    return text.removeprefix(".")
