"""Names of tensors and operators as a person gives them: in full, or as a pattern with * and ?."""

from __future__ import annotations

from fnmatch import fnmatchcase


def fits(name: str, pattern: str) -> bool:
    """Return True where a name is the pattern itself, or of its form: `*` is any text, `?` one character.

    Nothing else is special. Names hold brackets, such as `layers[0].weight` of exported lists of layers, and so each name, given
    in full, selects its tensor.
    """
    return name == pattern or fnmatchcase(name, pattern.replace("[", "[[]"))
