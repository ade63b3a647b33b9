"""How many faults, of which strata, and what their outcomes say of the whole: sizes, intervals, stopping."""
