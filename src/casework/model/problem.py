"""The exception of a wrong call: something that only the caller can mend, told in one sentence with what to do."""

from __future__ import annotations


class CallProblem(Exception):  # noqa: N818 - the call was wrong, which is no error of ours
    """The call was wrong or could not be answered; exit code 2."""
