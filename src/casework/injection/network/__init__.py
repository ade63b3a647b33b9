"""The model made ready for faults: folded once, its tensors listed, cut where it can be cut."""
