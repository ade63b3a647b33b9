"""Whether two records are of a model before and after hardening: what they share, and what speaks against comparing them."""

from __future__ import annotations

from typing import Final

from casework.render.charts.hardening import COMPARED, pair_of
from casework.render.charts.tables import Campaign

_DIGITS: Final = 12
_MODEL: Final = ("model", "external")
_FAULTS: Final = "fault_list"


def incomparable(before: Campaign, after: Campaign) -> str:
    """Return why two records cannot be compared at all; nothing where they can."""
    kinds = [str(one.record.options.get("decision") or "") for one in (before, after)]
    if all(kinds) and kinds[0] != kinds[1]:
        return f"{before.label} is of {kinds[0]} and {after.label} of {kinds[1]}, so that their rates mean different things"
    if all(pair_of(name, before.metric(key), after.metric(key)) is None for key, name in COMPARED.items()):
        return f"{before.label} and {after.label} have no rate in common"
    return ""


def differences(before: Campaign, after: Campaign) -> tuple[str, ...]:
    """Return in words why two records may not be of a model before and after hardening; nothing where they are.

    A record names the parent of its model where it was made with option `against`: by the digest `reference`.
    """
    one, two = before.record.digests, after.record.digests
    made = []
    if one.get("data") != two.get("data"):
        made.append(f"the data differ (SHA-256 {_short(one.get('data'))} and {_short(two.get('data'))})")
    if all(one.get(role) == two.get(role) for role in _MODEL):
        made.append("both are of one model")
    elif _parent(two) == one.get("model"):
        pass
    elif _parent(one) == two.get("model"):
        made.append(f"their order is reversed: {before.label} names the model of {after.label} as its parent")
    else:
        made.append("neither names the other's model as its parent (option against)")
    if not _same_faults(before, after):
        made.append("the fault lists differ")
    return tuple(made)


def _parent(digests: dict[str, str]) -> str:
    return digests.get("reference", "no parent")


def _same_faults(before: Campaign, after: Campaign) -> bool:
    """Tell whether both got the same faults.

    The digest of a fault list is also of the model that it is for, so that parent and child never share it; a child that was
    made with option `against` got its parent's faults, which follow from options and seed.
    """
    one, two = before.record, after.record
    if one.digests.get(_FAULTS) == two.digests.get(_FAULTS):
        return True
    related = _parent(two.digests) == one.digests.get("model") or _parent(one.digests) == two.digests.get("model")
    given = one.digests.get(f"file_{_FAULTS}") == two.digests.get(f"file_{_FAULTS}")
    return related and given and one.options == two.options and one.seed == two.seed


def _short(digest: str | None) -> str:
    return digest[:_DIGITS] if digest else "not told"
