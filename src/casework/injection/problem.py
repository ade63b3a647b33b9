"""What is wrong with a model, data or plan, so that no fault can be put in."""

from __future__ import annotations


class InjectionProblem(Exception):  # noqa: N818 - it is a state of the user's files, not an error of ours
    """The fact, and the act that mends it. Raised before anything has run wherever that is possible."""

    def __init__(self, message: str, fix: str, *, ours: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.ours = ours
        """True where an engine is at fault and not the user's files: there is no result then."""
