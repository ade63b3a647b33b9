"""Fuzz the reader of node files: any bytes give nodes or findings, never an exception, and the same again for the same bytes."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from harness import Target, fuzz


def load() -> Target:  # noqa: C901 - a table of ways to read, each of them short
    from casework.artifact.yaml_reader import read_stream
    from casework.store.tree import case_from_texts
    from casework.store.working_tree import CONFIG
    from casework.workflow.judging.configuration import read_project

    class OneFile:
        """A tree that holds one configuration."""

        def __init__(self, data: bytes) -> None:
            self.data = data

        def look(self, path: str) -> object:
            from casework.store.working_tree import Seen

            return Seen(path, (0, 0, len(self.data), 0)) if path == CONFIG else None

        def read(self, path: str) -> bytes:
            if path != CONFIG:
                raise FileNotFoundError(path)
            return self.data

        def list(self, _folder: str, _suffixes: tuple[str, ...]) -> list[object]:
            return []

        def kinds(self, _folder: str) -> list[object]:
            return []

    def one_input(data: bytes) -> None:
        first, again = read_stream(data), read_stream(data)
        if repr(first) != repr(again):  # `repr`, for a NaN is not equal to itself
            raise AssertionError("the same bytes were read differently")
        case, findings = case_from_texts({"requirements/a.yaml": data})
        for finding in findings:
            if not finding.code or not finding.message:
                raise AssertionError(finding)
            finding.message.encode("utf-8")
        for key in case.entries:
            case.fingerprint(key)
        read_project(OneFile(data))  # type: ignore[arg-type]

    return one_input


def seeds() -> Iterable[bytes]:
    yield b"- {type: goal, id: G-1, statement: 'It is so.'}\n"
    yield b"type: requirement\nid: R-1\nlevel: system\nstatement: |\n  Several\n  lines.\nacceptance:\n  - {metric: recall, op: '>=', bound: 0.9}\n"
    yield b"%YAML 1.2\n---\na: &x [1, 0x1F, 1e3, .inf, ~, no, 2026-01-01]\nb: *x\n...\n---\n? {c: d}\n: !!str e\n<<: {f: g}\n"
    yield b'schema: casework/v1\nname: "T\\u00e9\\x1b"\nroots: [a, b]\ntrust: {root_sha256: abc}\n'
    yield b"# comment\n\xef\xbb\xbf- >-\n  folded\n\n  text\n- 'single ''quoted'''\n- [flow, {a: 1}, ]\n"
    yield b"[" * 60 + b"]" * 60


if __name__ == "__main__":
    fuzz(load, seeds)
