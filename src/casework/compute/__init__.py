"""Spreading of independent, seeded shards over this process or a pool of processes.

A shard holds all that its function needs, its seed included, so the result does not depend on how many workers there
are or on which of them a shard lands.
"""

from casework.compute.shards import ShardProgress, map_shards, split_evenly

__all__ = ["ShardProgress", "map_shards", "split_evenly"]
