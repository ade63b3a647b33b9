"""Pictures of a fault-injection record: from its tables to SVG, PNG, and one page.

`read` opens a record's tables, `figures` and `comparison` draw them, `svg` makes a document of a figure, `to_html` one page
of all; `casework.render.gsn.to_png` makes pixels of any SVG. Text of a record is only ever text in them.
"""

from casework.render.charts.axis import Way
from casework.render.charts.figure import Figure, svg
from casework.render.charts.gallery import comparison, figures
from casework.render.charts.kinship import differences, incomparable
from casework.render.charts.page import Shown, to_html
from casework.render.charts.tables import TABLES, Campaign, TableProblem, is_campaign, read

__all__ = [
    "TABLES", "Campaign", "Figure", "Shown", "TableProblem", "Way", "comparison", "differences", "figures", "incomparable",
    "is_campaign", "read", "svg", "to_html",
]  # fmt: skip
