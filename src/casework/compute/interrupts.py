"""Ctrl-C belongs to the parent: workers are started so that they never see it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Start workers that leave Ctrl-C to the parent: an interruption then gives one message and no worker's traceback.

    A spawned process (and a thread) inherits the blocked signals of the thread that starts it; an initialiser would come too
    late for one that is still starting. An interruption meanwhile is not lost: it arrives when the block ends.
    """
    if hasattr(signal, "pthread_sigmask"):
        # It unblocks SIGINT when it has started its process (bpo-33613), so it must not do so under us.
        resource_tracker.ensure_running()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
