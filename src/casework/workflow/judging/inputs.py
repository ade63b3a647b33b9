"""What had a say in an assessment, so that a later check can see that nothing of it changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from casework.store.working_tree import Seen


@dataclass
class Inputs:
    """Every path that had a say.

    Attributes:
        listings: Folder and suffixes to the paths found there.
        paths: Every path looked at, also where nothing was.
        present: Those of them that were there.
        lasting: False where the days on which the answer holds are not known.
        kinds: Path, mode and number of links of everything below the evidence but the artifacts.
    """

    listings: dict[str, list[str]] = field(default_factory=dict)
    paths: set[str] = field(default_factory=set)
    present: set[str] = field(default_factory=set)
    kinds: list[tuple[str, int, int]] = field(default_factory=list)
    lasting: bool = True

    def note_listing(self, folder: str, suffixes: tuple[str, ...], seen: Iterable[Seen]) -> None:
        """Note what was found below a folder, and all of it as present."""
        found = list(seen)
        self.listings[f"{folder}|{'|'.join(suffixes)}"] = [s.path for s in found]
        self.paths.update(s.path for s in found)
        self.present.update(s.path for s in found if not s.problem)
