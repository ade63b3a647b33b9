"""Check: the remembered answer if nothing changed, else the whole line; and the answer in the form asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casework.model.decision import Decision, Waived
from casework.store.cache import Answer, Cache, current_stamps, finding_of, finding_row
from casework.store.working_tree import WorkingTree

if TYPE_CHECKING:
    from casework.workflow.assess import Assessed

QUESTION = "check"


def check(
    root: Path, today: date, *, cached: bool = True, new_since: str | None = None, progress: Callable[[str], None] | None = None
) -> Decision:
    """Judge the case below a root.

    Args:
        root: Root of the case.
        today: Day of judgement.
        cached: False to read and hash everything anew.
        new_since: Revision whose findings do not count, but for broken references and unverifiable evidence.
        progress: Told in a word what is being done.
    """
    cache = Cache(root) if cached else None
    try:
        remembered = _remembered(cache, root, today) if cache else None
        if remembered is None:
            from casework.workflow.assess import assess

            assessed = assess(WorkingTree(root), today, cache, progress)
            remembered = assessed.decision
            if cache:
                cache.keep_answer(QUESTION, _answer(assessed, root))
    finally:
        if cache:
            cache.close()
    return _only_new(remembered, root, today, new_since) if new_since else remembered


def _remembered(cache: Cache, root: Path, today: date) -> Decision | None:
    answer = cache.answer(QUESTION)
    if answer is None:
        return None
    day = today.isoformat()
    if (answer.from_day and day <= answer.from_day) or (answer.until_day and day > answer.until_day):
        return None
    tree = WorkingTree(root)
    for question, paths in answer.listings.items():
        folder, _, suffixes = question.partition("|")
        if [s.path for s in tree.list(folder, tuple(suffixes.split("|")))] != paths:
            return None
    return _decision(answer.payload) if current_stamps(root, answer.stamps) == answer.stamps else None


def _answer(assessed: Assessed, root: Path) -> Answer:
    today, inputs, decision = assessed.assessment.today, assessed.inputs, assessed.decision
    payload = (
        decision.word,
        [finding_row(f) for f in decision.findings],
        [(finding_row(w.finding), w.waiver, w.by, w.reason, w.expires) for w in decision.waived],
        decision.release,
        list(decision.summary),
    )
    stamps = current_stamps(root, dict.fromkeys(sorted(inputs.paths)))
    from_day = max(today.passed).isoformat() if today.passed else ""
    until_day = min(today.ahead).isoformat() if today.ahead else ""
    return Answer(stamps, inputs.listings, from_day, until_day, payload)


def _decision(payload: Any) -> Decision:
    word, findings, waived, release, summary = payload
    return Decision(
        word, tuple(finding_of(f) for f in findings),
        tuple(Waived(finding_of(f), waiver, by, reason, expires) for f, waiver, by, reason, expires in waived),
        release, tuple(tuple(pair) for pair in summary),
    )  # fmt: skip


def _only_new(decision: Decision, root: Path, today: date, revision: str) -> Decision:
    from casework.gate.ratchet import only_new
    from casework.store.history import Revision
    from casework.workflow.assess import assess

    base = assess(Revision.open(root, revision), today)
    return only_new(decision, base.decision)


def render(decision: Decision, form: str, root: Path, *, colour: bool, every: bool) -> str:
    """Return a decision in one of the forms that `casework check` offers."""
    from casework.render.findings import render as render_findings

    tree = WorkingTree(root)

    def source(path: str) -> str | None:
        try:
            return tree.read(path).decode("utf-8", errors="replace")
        except OSError:
            return None

    return render_findings(decision, form, source=source, colour=colour, every=every)
