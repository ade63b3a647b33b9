"""Tables of the standards, cell by cell."""

from __future__ import annotations

import pytest

from casework.model.standards import DECOMPOSITIONS, asil_level, asil_of, asil_origin, tcl_of

# ISO 26262-3:2018, Table 4: rows S and E, columns C1 to C3.
TABLE = {
    "S1": {"E1": "QM QM QM", "E2": "QM QM QM", "E3": "QM QM A", "E4": "QM A B"},
    "S2": {"E1": "QM QM QM", "E2": "QM QM A", "E3": "QM A B", "E4": "A B C"},
    "S3": {"E1": "QM QM A", "E2": "QM A B", "E3": "A B C", "E4": "B C D"},
}
CELLS = [
    (s, e, f"C{i + 1}", word)
    for s, rows in TABLE.items()
    for e, words in rows.items()
    for i, word in enumerate(words.split())
]


@pytest.mark.parametrize(("s", "e", "c", "asil"), CELLS)
def test_asil_of_every_cell(s: str, e: str, c: str, asil: str) -> None:
    assert asil_of(s, e, c) == asil


@pytest.mark.parametrize(("s", "e", "c"), [("S0", "E4", "C3"), ("S3", "E0", "C3"), ("S3", "E4", "C0")])
def test_a_zero_class_needs_no_asil(s: str, e: str, c: str) -> None:
    assert asil_of(s, e, c) == "QM"


@pytest.mark.parametrize(
    ("ti", "td", "tcl"),
    [
        ("TI1", "TD1", "TCL1"),
        ("TI1", "TD2", "TCL1"),
        ("TI1", "TD3", "TCL1"),
        ("TI2", "TD1", "TCL1"),
        ("TI2", "TD2", "TCL2"),
        ("TI2", "TD3", "TCL3"),
    ],
)
def test_tcl_of_every_cell(ti: str, td: str, tcl: str) -> None:
    assert tcl_of(ti, td) == tcl


def test_decompositions_are_those_of_part_9() -> None:
    assert DECOMPOSITIONS == {
        "D": (("C", "A"), ("B", "B"), ("D", "QM")), "C": (("B", "A"), ("C", "QM")), "B": (("A", "A"), ("B", "QM")), "A": (("A", "QM"),)
    }  # fmt: skip
    assert (asil_level("B(D)"), asil_origin("B(D)"), asil_level("C"), asil_origin("C")) == ("B", "D", "C", "C")
