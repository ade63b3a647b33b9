"""How long a long task will still take."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """Estimates the remaining time from what was done since it was first told.

    What was resumed counts as done and not as fast: the first call sets the mark from which the pace is measured. A task that
    begins anew, with less done or another total than before, sets a new mark.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._first: tuple[int, float] | None = None
        self._last = (0, 0)

    def remaining(self, done: int, total: int) -> float | None:
        """Return the seconds that remain at the pace so far, or None while there is no pace yet."""
        now = self._clock()
        if self._first is None or done < self._last[0] or total != self._last[1]:
            self._first = (done, now)
        self._last = (done, total)
        before, since = self._first
        if done <= before:
            return None
        return (total - done) * (now - since) / (done - before)

    @staticmethod
    def words(seconds: float) -> str:
        """Return a duration for people: `40 s`, `3 min 20 s`, `2 h 05 min`."""
        whole = max(0, round(seconds))
        if whole < 60:
            return f"{whole} s"
        if whole < 3600:
            return f"{whole // 60} min {whole % 60:02d} s"
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
