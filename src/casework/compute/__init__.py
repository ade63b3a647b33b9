"""Spreading of independent, seeded shards over this process, a pool of processes or a Dask cluster.

A shard holds all that its function needs, its seed included, so the result does not depend on how many workers there
are, on which of them a shard lands, or on workers that die on the way.
"""

from casework.compute.memory import keepable_bytes
from casework.compute.pace import Pace
from casework.compute.shard_store import KEPT_DAYS, ShardStore, prune
from casework.compute.shards import map_shards, split_evenly
from casework.compute.spread import ShardProgress, Spread, spread
from casework.compute.task import MAX_RUNS, WorkersLost

__all__ = [
    "KEPT_DAYS",
    "MAX_RUNS",
    "Pace",
    "ShardProgress",
    "ShardStore",
    "Spread",
    "WorkersLost",
    "keepable_bytes",
    "map_shards",
    "prune",
    "split_evenly",
    "spread",
]
