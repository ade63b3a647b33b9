"""The trust policy: opened from pinned root keys through its chain of versions, and judged for soundness."""
