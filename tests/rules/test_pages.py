"""Every rule's page is its test: Bad fires this rule only, Good fires none of all rules."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest
from inspection import look, told

from casework.graph.assessment import Assessment, Today
from casework.model.finding import Finding
from casework.rules import registry

SECTIONS = ["What it does", "Why it matters", "Bad", "Good", "References"]
TESTS = Path(__file__).resolve().parent.parent
_FENCE = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def sections(module: ModuleType) -> dict[str, str]:
    parts = re.split(r"^## (.+)$", module.__doc__ or "", flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def fence(module: ModuleType, section: str) -> str | None:
    found = _FENCE.findall(sections(module).get(section, ""))
    return "".join(found) if found else None


def judged(module: ModuleType, text: str) -> list[Finding]:
    case, found = look(text)
    if module.RULE.scope == "assessment":
        found.extend(module.check(Assessment(case, Today(date(2026, 1, 31)))))
    return found


MODULES = [pytest.param(m, id=m.RULE.code) for m in registry.modules()]


@pytest.mark.parametrize("module", MODULES)
def test_the_page_is_complete(module: ModuleType) -> None:
    found = sections(module)
    assert list(found) == SECTIONS
    assert all(text.strip() for text in found.values()), "a section is empty"
    assert (module.__doc__ or "").splitlines()[0].endswith(".")


@pytest.mark.parametrize("module", MODULES)
def test_the_rule_is_named_by_its_file(module: ModuleType) -> None:
    rule = module.RULE
    scope, number, name = module.__name__.rpartition(".")[2].split("_", 2)
    assert rule.code == f"{scope.upper()}-{number}"
    assert rule.name == name.replace("_", "-")
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
    assert rule.fix.endswith(".")
    assert bool(rule.types) == (rule.scope == "node"), "node rules, and only they, say which types they look at"


def test_codes_and_names_are_unique() -> None:
    rules = registry.rules()
    assert len({r.code for r in rules}) == len(rules)
    assert len({r.name for r in rules}) == len(rules)


@pytest.mark.parametrize("module", MODULES)
def test_bad_fires_this_rule_only(module: ModuleType) -> None:
    text = fence(module, "Bad")
    if module.RULE.scope == "elsewhere" or (module.RULE.scope == "assessment" and text is None):
        return  # what tests it is asked for below
    assert text is not None, "the section Bad has no yaml"
    found = judged(module, text)
    assert {f.code for f in found} == {module.RULE.code}, told(found)
    assert all(f.message and f.fix for f in found)


@pytest.mark.parametrize("module", MODULES)
def test_good_fires_no_rule(module: ModuleType) -> None:
    text = fence(module, "Good")
    if module.RULE.scope == "elsewhere" or (module.RULE.scope == "assessment" and text is None):
        return
    assert text is not None, "the section Good has no yaml"
    found = judged(module, text)
    assert not found, told(found)


def test_rules_whose_page_cannot_test_them_have_tests_elsewhere() -> None:
    # The table of attacks names codes without trying them.
    texts = "".join(p.read_text(encoding="utf-8") for p in sorted(TESTS.rglob("*.py")) if p.name != "matrix.py")
    untested = [
        m.RULE.code
        for m in registry.modules()
        if m.RULE.scope in ("elsewhere", "assessment") and fence(m, "Bad") is None and m.RULE.code not in texts
    ]
    assert not untested
