"""The registry: what is imported for judging holds every check."""

from __future__ import annotations

from casework.rules import registry
from casework.rules.names import PAGES_ONLY, names


def test_groups_that_are_only_pages_hold_no_check() -> None:
    judging = set(registry.judging())
    for module in registry.modules():
        assert (module in judging) == (module.RULE.code[:3] not in PAGES_ONLY)
        if module not in judging:
            assert module.RULE.scope == "elsewhere"
            assert not hasattr(module, "check")


def test_names_told_from_files_are_those_of_the_rules() -> None:
    assert names() == {rule.code: rule.name for rule in registry.rules()}
