"""Facts of the files that nodes name: models, manifests, tests, sources. Read once, judged elsewhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from casework.artifact.digest import sha256_bytes
from casework.model.verdict import FileFact, ManifestFact
from casework.store.working_tree import Tree

_NAME = re.compile(r"\b(?:test_?\w+|TEST(?:_F|_P)?\s*\(\s*\w+\s*,\s*\w+)", re.IGNORECASE)


@runtime_checkable
class Vouching(Protocol):
    """A tree that knows of some files only what its seal says of them."""

    def vouched(self, path: str) -> FileFact | None:
        """Return what the seal says of a file that is not there; None where it says nothing."""


def file_fact(tree: Tree, path: str) -> FileFact:
    """Return existence, size and SHA-256 of one file."""
    if isinstance(tree, Vouching) and (fact := tree.vouched(path)) is not None:
        return fact
    seen = tree.look(path)
    if seen is None:
        return FileFact(path, exists=False)
    if seen.problem:
        return FileFact(path, exists=False, problem=seen.problem)
    try:
        data = tree.read(path)
    except OSError as error:
        return FileFact(path, exists=False, problem=error.strerror or str(error))
    return FileFact(path, exists=True, size=len(data), sha256=sha256_bytes(data))


def tests_of(tree: Tree, path: str) -> frozenset[str] | None:
    """Return the names of the tests that a file defines, or None if it cannot be read.

    Python files are parsed, never run: `test_x` and `TestA::test_y`. In other languages any word that looks like a test
    name counts (`test_x`, `TEST(suite, name)` as `suite::name`).
    """
    seen = tree.look(path)
    if seen is None or seen.problem:
        return None
    try:
        text = tree.read(path).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if path.endswith(".py"):
        try:
            return frozenset(_python_tests(ast.parse(text).body, ""))
        except (SyntaxError, RecursionError, ValueError):
            return None
    return frozenset(_foreign_name(m[0]) for m in _NAME.finditer(text))


def _python_tests(body: Iterable[ast.stmt], prefix: str) -> Iterable[str]:
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name.startswith("test"):
                yield prefix + name
            case ast.ClassDef(name=name, body=inner) if name.startswith("Test"):
                yield from _python_tests(inner, f"{prefix}{name}::")
            case _:
                pass


def _foreign_name(found: str) -> str:
    _head, bracket, rest = found.partition("(")
    return "::".join(part.strip() for part in rest.split(",")) if bracket else found


def manifest_fact(tree: Tree, path: str) -> tuple[ManifestFact, list[str]]:
    """Return the facts of a dataset's manifest and of its stored items, and the paths that were looked at.

    Every stored item is read and its digest compared: a changed picture is as bad as a changed model.
    """
    from casework.artifact.manifest import parse_manifest  # only where there is a dataset

    try:
        content = tree.read(path)
    except OSError as error:
        return ManifestFact(path, "", problem=error.strerror or str(error)), []
    reading = parse_manifest(content)
    sha = sha256_bytes(content)
    if reading.manifest is None:
        first = reading.problems[0]
        return ManifestFact(path, sha, problem=f"line {first.line} {first.message}"), []
    manifest = reading.manifest
    sizes: dict[str, int] = dict.fromkeys(manifest.splits, 0)
    digests: dict[str, set[str]] = {name: set() for name in manifest.splits}
    missing: list[str] = []
    changed: list[str] = []
    looked: list[str] = []
    folder = path.rpartition("/")[0]
    for item in manifest.items:
        sizes[item.split] = sizes.get(item.split, 0) + 1
        digests.setdefault(item.split, set()).add(item.sha256)
        if item.split in manifest.splits and manifest.splits[item.split].stored:
            place = f"{folder}/{item.file}" if folder else item.file
            looked.append(place)
            fact = file_fact(tree, place)
            if not fact.exists:
                missing.append(item.file)
            elif fact.sha256 != item.sha256:
                changed.append(item.file)
    fact_of = ManifestFact(
        path, sha, tuple(sorted(sizes.items())), tuple((name, frozenset(found)) for name, found in sorted(digests.items())),
        tuple(missing), tuple(changed),
    )  # fmt: skip
    return fact_of, looked
