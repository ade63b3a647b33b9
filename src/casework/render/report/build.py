"""Building the report: the sections in the order in which an assessor reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from casework.graph.assessment import Assessment
from casework.graph.grounds import grounds
from casework.model.decision import Decision
from casework.render.report import (
    appendix,
    argument,
    changes,
    evidence,
    hazards,
    open_points,
    process,
    requirements,
    scope,
    subjects,
    trace,
    verification,
)
from casework.render.report.document import Report, clean
from casework.render.report.front import Baseline, how_to_read, limits, title_page, verdict
from casework.render.report.glossary import glossary
from casework.render.report.summary import summary
from casework.render.report.view import View

__all__ = ["Baseline", "build"]


def build(
    assessment: Assessment,
    decision: Decision,
    *,
    generated_for: date,
    pages: Sequence[str] = (),
    since: changes.Changes | None = None,
    baseline: Baseline | None = None,
) -> Report:
    """Return the safety-case report as values.

    Args:
        assessment: All that is known of the case, with statuses computed.
        decision: What the gate says.
        generated_for: The date that the report bears; it is the only date that is not of the case.
        pages: Pages of the GSN diagram as SVG, in order.
        since: Differences from a baseline, if a comparison was made.
        baseline: Tag, version of Casework.
    """
    view = View(assessment, decision, grounds(assessment))
    commit = f"commit {assessment.commit[:12]}" if assessment.commit else "no commit"
    dirty = " with uncommitted changes" if assessment.dirty else ""
    project = assessment.project
    return Report(
        title=clean(project.name),
        subtitle=clean(project.component or ""),
        kind_of_document="Safety case report",
        verdict=verdict(view),
        front=(*summary(view), *title_page(view, baseline or Baseline(), generated_for)),
        sections=(
            how_to_read(view),
            open_points.section(view),
            scope.section(view),
            hazards.section(view),
            requirements.requirements(view),
            argument.section(view, pages),
            verification.verification(view),
            evidence.section(view),
            subjects.datasets(view),
            subjects.models(view),
            trace.section(view),
            process.practices(view),
            process.tools(view),
            process.reviews(view),
            changes.section(view, since),
            limits(view),
            glossary(view),
            appendix.section(view),
        ),
        running=clean(
            f"{project.name} {project.version or ''} · {commit}{dirty} · {decision.word.upper()} · "
            f"{generated_for.isoformat()}"
        ),
        day=generated_for.isoformat(),
    )
