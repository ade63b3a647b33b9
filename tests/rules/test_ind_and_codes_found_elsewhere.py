"""Independence of signers; and the pages of codes that reading and verification find, against the rooms that find them."""

from __future__ import annotations

import re
from dataclasses import replace
from types import ModuleType

import pytest
from sealed import found_in, world

from casework.attest.codes import CODES
from casework.model.verdict import Signer
from casework.rules import registry
from casework.store.tree import case_from_texts

ELSEWHERE = {m.RULE.code: m for m in registry.of_scope("elsewhere")}
_FENCE = re.compile(r"^## (Bad|Good)\n(?:[^#].*\n|\n)*?```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("owner", ["REQ-1", "MC-1"])
def test_nobody_verifies_what_they_own(owner: str) -> None:
    w = world(sealed=False)
    w.text = w.text.replace("  owner: alice\n", "")
    w.edit(f"  id: {owner}\n", f"  id: {owner}\n  owner: vera\n")
    w.seal("EV-1")
    w.seal("EV-2")
    assert [f for f in found_in(w) if f == "IND-001 EV-1"] == ["IND-001 EV-1"]
    w.verdicts[0] = replace(
        w.verdicts[0],
        signers=(Signer("k", "vera", frozenset({"generator"})), Signer("k2", "bob", frozenset({"verifier"}))),
    )
    assert "IND-001 EV-1" not in found_in(w)


@pytest.mark.parametrize("code", sorted(CODES))
def test_each_code_of_verification_has_its_page(code: str) -> None:
    rule = next(m.RULE for m in registry.modules() if m.RULE.code == code)
    entry = CODES[code]
    assert (rule.name, rule.severity) == (entry.name, entry.severity)
    if rule.scope == "elsewhere":
        assert rule.fix == entry.fix
        page = " ".join((ELSEWHERE[code].__doc__ or "").split())
        assert " ".join(entry.means.split()) in page
        assert " ".join(entry.why.split()) in page


def fences() -> list[tuple[str, str, str]]:
    found = []
    for code, module in sorted(ELSEWHERE.items()):
        if code.startswith("FMT-"):
            found += [(code, kind, text) for kind, text in _FENCE.findall(module.__doc__ or "")]
    return found


def test_most_codes_of_reading_have_an_example_that_can_be_read() -> None:
    assert {code for code, _, _ in fences()} == {f"FMT-{n:03}" for n in (1, 2, 3, 4, 5, 6, 7, 11, 12, 13)}


@pytest.mark.parametrize(("code", "kind", "text"), fences())
def test_examples_of_reading_do_what_they_say(code: str, kind: str, text: str) -> None:
    _, found = case_from_texts({"requirements/page.yaml": text})
    assert {f.code for f in found} == ({code} if kind == "Bad" else set())


def examples() -> list[tuple[str, str]]:
    found = []
    for module in registry.modules():
        for text in re.findall(r"^```yaml needs=evidence\n(.*?)^```$", module.__doc__ or "", re.MULTILINE | re.DOTALL):
            found.append((module.RULE.code, text))
    return found


@pytest.mark.parametrize(("code", "text"), examples())
def test_examples_that_need_evidence_are_valid_nodes(code: str, text: str) -> None:
    case, found = case_from_texts({"requirements/page.yaml": text})
    assert len(case), code
    assert not found, found


def module_of(code: str) -> ModuleType:
    return ELSEWHERE[code]


@pytest.mark.parametrize(
    "code", ["GTE-004", "GTE-007", "GTE-008", "FMT-008", "FMT-009", "FMT-010", "FMT-014", "POL-000"]
)
def test_pages_without_a_check_say_where_it_is_found(code: str) -> None:
    assert not hasattr(module_of(code), "check")
