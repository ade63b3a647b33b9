"""All figures of a record, in the order in which they are looked at."""

from __future__ import annotations

from casework.render.charts.amounts import amount_curve
from casework.render.charts.axis import Way
from casework.render.charts.bits import bit_curve
from casework.render.charts.classes import class_bars
from casework.render.charts.figure import Figure
from casework.render.charts.hardening import before_after
from casework.render.charts.heat import heat_maps
from casework.render.charts.kinship import differences
from casework.render.charts.layers import layer_bars
from casework.render.charts.measures import measures
from casework.render.charts.tables import Campaign


def figures(campaign: Campaign, way: Way = "auto") -> tuple[Figure, ...]:
    """Return every figure of a record; one without a drawing says why there is none.

    The curve by number of faults is left out of campaigns that had one number only, as most have.

    Args:
        campaign: The record.
        way: Whether colours and the curve by bit are logarithmic; `auto` decides by the figures.
    """
    made, curve = measures(campaign, way), amount_curve(campaign)
    return (
        *([made] if made else []),
        *heat_maps(campaign, way),
        *layer_bars(campaign),
        bit_curve(campaign, way),
        *([] if curve.needless else [curve]),
        class_bars(campaign),
    )


def comparison(before: Campaign, after: Campaign, way: Way = "auto") -> tuple[Figure, ...]:
    """Return the figures that set a record against one of the model before hardening."""
    return before_after(before, after, way, differences(before, after))
