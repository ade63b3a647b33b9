"""Counting persons: whether enough different ones stand behind each role."""

from __future__ import annotations

from collections.abc import Mapping


def assignable(require: Mapping[str, int], persons: Mapping[str, frozenset[str]]) -> bool:
    """Tell whether each role can be filled with its number of persons so that nobody fills two places.

    Args:
        require: Role to the number of persons needed.
        persons: Role to the persons who may fill it.

    Returns:
        True if a matching of all places exists (augmenting paths; Kuhn, The Hungarian method, 1955).
    """
    places = [role for role, count in sorted(require.items()) for _ in range(count)]
    taken: dict[str, int] = {}

    def seat(place: int, tried: set[str]) -> bool:
        for person in sorted(persons.get(places[place], frozenset()) - tried):
            tried.add(person)
            if person not in taken or seat(taken[person], tried):
                taken[person] = place
                return True
        return False

    return all(seat(place, set()) for place in range(len(places)))
