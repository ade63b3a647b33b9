from __future__ import annotations

import ast
import re
from pathlib import Path

import casework.artifact.strict_json
import casework.attest
from casework.attest.codes import CODES, report, shown

ROOM = Path(casework.attest.__file__).parent
SOURCES = [*sorted(ROOM.rglob("*.py")), Path(casework.artifact.strict_json.__file__)]
CODE = re.compile(r"[A-Z]{3}-[0-9]{3}")


def emitted() -> set[str]:
    """Codes that stand in the sources as string literals of their own."""
    found: set[str] = set()
    for path in SOURCES:
        if path.name != "codes.py":
            literals = (node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant))
            found |= {value for value in literals if isinstance(value, str) and CODE.fullmatch(value)}
    return found


def test_every_emitted_code_is_registered_and_every_registered_code_is_emitted() -> None:
    assert emitted() == set(CODES)


def test_every_registered_code_is_tested() -> None:
    tests = "".join(path.read_text() for path in sorted(Path(__file__).parent.rglob("test_*.py")))
    assert [code for code in CODES if f'"{code}"' not in tests] == []


def test_entries_are_complete_sentences_and_names_are_unique() -> None:
    assert len({entry.name for entry in CODES.values()}) == len(CODES)
    for code, entry in CODES.items():
        assert CODE.fullmatch(code)
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", entry.name)
        for text in (entry.means, entry.why, entry.fix):
            assert text[0].isupper()
            assert text.endswith(".")


def test_report_fills_severity_and_fix_from_the_registry() -> None:
    finding = report("SIG-003", "fact", node="EV-1", file="f", line=2, column=3)
    entry = CODES["SIG-003"]
    assert (finding.severity, finding.fix, finding.node, finding.file, finding.line, finding.column) == (
        entry.severity,
        entry.fix,
        "EV-1",
        "f",
        2,
        3,
    )


def test_foreign_text_is_made_fit_to_print() -> None:
    assert shown("a\u202eb\x1b[31m\n") == "a\\u202eb\\x1b[31m\\n"
    assert len(shown("x" * 10_000)) == 60
    assert shown("\udcff") == "\\udcff"
