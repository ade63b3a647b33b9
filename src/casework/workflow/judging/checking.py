"""Check: the remembered answer if nothing changed, else the whole line; and the answer in the form asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casework.model.decision import Decision, Waived
from casework.model.version import __version__
from casework.store.cache import Answer, Cache, current_stamps, finding_of, finding_row
from casework.store.working_tree import WorkingTree, evidence_kinds

if TYPE_CHECKING:
    from casework.render.findings.options import RuleFact
    from casework.workflow.judging.assess import Assessed
    from casework.workflow.judging.basing import Base
    from casework.workflow.judging.trusting import Pins

QUESTION = "check"


def check(
    root: Path,
    today: date,
    *,
    cached: bool = True,
    new_since: str | None = None,
    base: str | None = None,
    pins: Pins | None = None,
    progress: Callable[[str], None] | None = None,
) -> Decision:
    """Judge the case below a root.

    Args:
        root: Root of the case.
        today: Day of judgement.
        cached: False to read and hash everything anew.
        new_since: Revision whose findings do not count, but for broken references and unverifiable evidence.
        base: Revision that the change is to be merged into: its root keys, policy version, waivers, settings and checkpoint
            judge, and what it holds and the change has lost is found.
        pins: What is known from outside the tree.
        progress: Told in a word what is being done.
    """
    return judged(root, today, cached=cached, new_since=new_since, base=base, pins=pins, progress=progress)[0]


def judged(
    root: Path,
    today: date,
    *,
    cached: bool = True,
    new_since: str | None = None,
    base: str | None = None,
    pins: Pins | None = None,
    progress: Callable[[str], None] | None = None,
) -> tuple[Decision, Assessed | None]:
    """Judge as `check` does; return the assessment too, or None where an earlier answer was remembered."""
    plain = not (new_since or base or pins)
    cache = Cache(root) if cached else None
    try:
        if cache and plain:
            remembered = _remembered(cache, root, today)
            if remembered is not None:
                return remembered, None
        from casework.workflow.judging.assess import assess
        from casework.workflow.judging.trusting import NO_PINS

        held = pins or NO_PINS
        judge = _base(root, base, held) if base else None
        tree = WorkingTree(root)
        assessed = assess(tree, today, cache, progress, pins=held, base=judge)
        if cache and plain:
            answer = _answer(assessed, root)
            whole = all(
                answer.stamps[path] is not None for path in assessed.inputs.present
            )  # nothing vanished meanwhile
            whole = whole and all(answer.stamps.get(path, stamp) == stamp for path, stamp in tree.stamps.items())
            if whole and assessed.inputs.lasting:
                cache.keep_answer(QUESTION, answer)
        return (_since(assessed, root, today, new_since) if new_since else assessed.decision), assessed
    finally:
        if cache:
            cache.close()


def _base(root: Path, revision: str, pins: Pins) -> Base:
    from casework.workflow.judging.basing import open_base

    return open_base(root, revision, pins)


def _remembered(cache: Cache, root: Path, today: date) -> Decision | None:
    answer = cache.answer(QUESTION)
    try:
        return _decision(answer.payload) if answer is not None and _holds(answer, root, today) else None
    except (ValueError, TypeError, LookupError, AttributeError):  # a cache of another shape is worked without
        return None


def _holds(answer: Answer, root: Path, today: date) -> bool:
    day = today.isoformat()
    if (answer.from_day and day <= answer.from_day) or (answer.until_day and day > answer.until_day):
        return False
    tree = WorkingTree(root)
    for question, paths in answer.listings.items():
        folder, _, suffixes = question.partition("|")
        if [s.path for s in tree.list(folder, tuple(suffixes.split("|")))] != paths:
            return False
    if answer.kinds != [(k.path, k.mode, k.links) for k in evidence_kinds(tree, answer.payload[-1])]:
        return False
    return current_stamps(root, answer.stamps) == answer.stamps


def _answer(assessed: Assessed, root: Path) -> Answer:
    today, inputs, decision = assessed.assessment.today, assessed.inputs, assessed.decision
    payload = (
        decision.word,
        [finding_row(f) for f in decision.findings],
        [(finding_row(w.finding), w.waiver, w.by, w.reason, w.expires) for w in decision.waived],
        decision.release,
        list(decision.summary),
        list(decision.grounds),
        assessed.assessment.project.evidence,
    )
    stamps = current_stamps(root, dict.fromkeys(sorted(inputs.paths)))
    from_day = max(today.passed).isoformat() if today.passed else ""
    until_day = min(today.ahead).isoformat() if today.ahead else ""
    return Answer(stamps, inputs.listings, inputs.kinds, from_day, until_day, payload)


def _decision(payload: Any) -> Decision:
    word, findings, waived, release, summary, grounds, _evidence = payload
    return Decision(
        word, tuple(finding_of(f) for f in findings),
        tuple(Waived(finding_of(f), waiver, by, reason, expires) for f, waiver, by, reason, expires in waived),
        release, tuple(tuple(pair) for pair in summary), tuple(grounds),
    )  # fmt: skip


def _since(assessed: Assessed, root: Path, today: date, revision: str) -> Decision:
    from casework.gate.ratchet import only_new, vanished, vanished_nodes, with_findings
    from casework.store.history import Revision
    from casework.workflow.judging.assess import assess

    base = assess(Revision.open(root, revision), today)
    now = assessed.assessment
    gone = (*vanished(now, base.assessment), *vanished_nodes(now.case, base.assessment.case))
    return with_findings(only_new(assessed.decision, base.decision), gone)


def render(
    decision: Decision, form: str, root: Path, *, colour: bool, every: bool, width: int = 100, base: str = ""
) -> str:
    """Return a decision in one of the forms that `casework check` offers."""
    from casework.render.findings import FORMATS, Options

    tree = WorkingTree(root)

    def source(path: str) -> str | None:
        try:
            return tree.read(path).decode("utf-8", errors="replace")
        except OSError:
            return None

    facts = _every_fact() if form in ("sarif", "junit") else _facts_of(decision)
    options = Options(facts, colour=colour, width=width, base=base, version=__version__)
    if every:
        options = replace(options, limit=0, lines=0)
    return FORMATS[form](decision, source, options)


def _facts_of(decision: Decision) -> dict[str, RuleFact]:
    """Return the names of the codes found, without importing a single rule."""
    from casework.render.findings.options import RuleFact
    from casework.rules.names import names

    known = names()
    codes = {f.code for f in decision.findings} | {w.finding.code for w in decision.waived}
    return {code: RuleFact(code, known.get(code, "")) for code in sorted(codes)}


def _every_fact() -> dict[str, RuleFact]:
    from casework.render.findings.options import RuleFact
    from casework.rules.registry import modules

    return {
        m.RULE.code: RuleFact(
            m.RULE.code, m.RULE.name, m.RULE.severity, (m.__doc__ or "").strip().partition("\n")[0], m.RULE.fix
        )
        for m in modules()
    }
