"""From an assessment to pictures and documents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from casework.artifact.digest import jcs_digest
from casework.model.decision import Decision
from casework.model.problem import CallProblem
from casework.model.version import __version__
from casework.render.argument import argument_of
from casework.store.cache import Cache
from casework.store.history import head, tag_of
from casework.store.working_tree import WorkingTree
from casework.workflow.judging.assess import Assessed, assess

if TYPE_CHECKING:
    from casework.render.report import Changes

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Scene:
    """An assessed case with the commit that it was assessed at."""

    assessed: Assessed
    today: date

    @property
    def decision(self) -> Decision:
        """The gate's decision."""
        return self.assessed.decision


def assessed_at(root: Path, today: date, progress: Progress | None = None) -> Scene:
    """Assess the case below a root, with the commit of the tree, for showing."""
    cache = Cache(root)
    try:
        assessed = assess(WorkingTree(root), today, cache, progress)
    finally:
        cache.close()
    commit, dirty = head(root)
    assessment = replace(assessed.assessment, commit=commit, dirty=dirty)
    decision = assessed.decision
    if dirty:
        decision = replace(decision, release=False, grounds=(*decision.grounds, "files of the case are not committed"))
    return Scene(replace(assessed, assessment=assessment, decision=decision), today)


def footer(scene: Scene) -> str:
    """Return what is printed on each page: version, day, commit, and the digest of everything that is drawn."""
    assessment = scene.assessed.assessment
    prints = {key: assessment.case.fingerprint(key) for key in sorted(assessment.case.entries)}
    commit = (
        f"commit {assessment.commit[:12]}{' + changes' if assessment.dirty else ''}"
        if assessment.commit
        else "no commit"
    )
    version = f"version {assessment.project.version} · " if assessment.project.version else ""
    return f"{version}{commit} · judged as of {scene.today.isoformat()} · content {jcs_digest(prints)[:12]}"


def show(scene: Scene, key: str, form: str, *, colour: bool) -> str:
    """Return everything about a node as text or JSON. Raises CallProblem for an unknown one."""
    import difflib

    from casework.render.show import describe, to_json, to_text

    case = scene.assessed.assessment.case
    if key not in case:
        bare = [k for k, e in case.entries.items() if e.id == key]
        near = bare or difflib.get_close_matches(key, case.entries, 3)
        raise CallProblem(f"there is no node {key}" + (f"; did you mean {', '.join(near)}?" if near else ""))
    found = describe(
        scene.assessed.assessment, key, [*scene.decision.findings, *(w.finding for w in scene.decision.waived)]
    )
    return to_json(found) if form == "json" else to_text(found, colour=colour)


def gaps(scene: Scene, form: str, *, colour: bool, width: int = 100) -> str | bytes:
    """Return the coverage and its gaps in one of the forms of `casework gaps`."""
    from casework.render.tables import FORMATS, text, to_xlsx
    from casework.render.tables import gaps as gather

    found = gather(scene.assessed.assessment)
    if form == "xlsx":
        return to_xlsx(found)
    return text.render(found, width=width, colour=colour) if form == "text" else FORMATS[form](found)


def gsn_files(
    scene: Scene, form: str, goal: str | None, elements: int, scale: float, progress: Progress, warn: Progress
) -> list[tuple[str, bytes]]:
    """Return the pictures of the argument as (file name, bytes); one for PDF and DOT, one a page for SVG and PNG.

    `warn` is told what the bundled fonts cannot draw, and in which element.

    Raises:
        CallProblem: There is no argument, or no such goal.
    """
    from casework.render.gsn import draw, paginate, to_dot, to_pdf, to_png

    assessment = scene.assessed.assessment
    try:
        argument = argument_of(assessment, goal, footer(scene))
    except KeyError:
        raise CallProblem(f"there is no GSN element {goal}") from None
    if not argument.elements:
        raise CallProblem("the case holds no GSN element, so there is nothing to draw")
    if form == "dot":
        return [("argument.dot", to_dot(argument).encode())]
    progress("laying out")
    pages = paginate(argument, max_elements=elements)
    undrawn = {key: missing for page in pages for key, missing in page.uncovered_in().items()}
    for key, missing in sorted(undrawn.items()):
        warn(
            f"{key}: no bundled font draws {' '.join(f'U+{ord(c):04X}' for c in missing)}; the page shows \ufffd instead"
        )
    if form == "pdf":
        progress("drawing")
        return [("argument.pdf", to_pdf(pages))]
    made: list[tuple[str, bytes]] = []
    for number, page in enumerate(pages, start=1):
        progress(f"drawing page {number} of {len(pages)}")
        svg = draw(page, f"page-{{:03d}}.{form}")
        made.append((f"page-{number:03d}.{form}", svg.encode() if form == "svg" else to_png(svg, scale)))
    return made


def report_files(
    scene: Scene, root: Path, form: str, baseline: str | None, progress: Progress
) -> list[tuple[str, bytes]]:
    """Return the safety-case report as (file name, bytes)."""
    from casework.render.gsn import draw, paginate
    from casework.render.report import Baseline, build, to_html, to_pdf

    assessment = scene.assessed.assessment
    progress("drawing the argument")
    argument = argument_of(assessment, None, footer(scene))
    pages = [draw(page) for page in paginate(argument)] if argument.elements else []
    progress("comparing with the baseline")
    since = _changes(scene, root, baseline) if baseline else None
    report = build(
        assessment, scene.decision, generated_for=scene.today, pages=pages, since=since,
        baseline=Baseline(tag=tag_of(root, assessment.commit), version=__version__),
    )  # fmt: skip
    made: list[tuple[str, bytes]] = []
    if form in ("html", "both"):
        progress("writing HTML")
        made.append(("safety-case.html", to_html(report).encode()))
    if form in ("pdf", "both"):
        progress("setting the PDF")
        made.append(("safety-case.pdf", to_pdf(report)))
    return made


def _changes(scene: Scene, root: Path, baseline: str) -> Changes:
    from casework.render.report import Change, Changes
    from casework.store.history import Revision
    from casework.workflow.judging.comparing import difference

    before = assess(Revision.open(root, baseline), scene.today)
    found = difference(before.assessment.case, scene.assessed.assessment.case)
    changes = [Change("added", key, kind) for key, kind, _title in found.added]
    changes += [Change("removed", key, kind) for key, kind, _title in found.removed]
    changes += [
        Change(
            "changed",
            c.node,
            c.type,
            tuple(f"{f.field}: {f.before or '(absent)'} -> {f.after or '(absent)'}" for f in c.fields),
        )
        for c in found.changed
    ]
    return Changes(baseline, tuple(sorted(changes, key=lambda c: c.node)))
