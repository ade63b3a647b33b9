"""The title page, how to read the report, its limits, and the glossary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from casework.model.learning import Dataset, ModelCard
from casework.render.findings.options import release_line, verdict_line
from casework.render.report.document import (
    Block,
    Bullets,
    Callout,
    Cell,
    Facts,
    Line,
    Paragraph,
    Section,
    cell,
    code,
    line,
    muted,
    word,
)
from casework.render.report.subjects import file_state
from casework.render.report.view import View
from casework.render.report.words import STATUS_MEANING


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the report is of, beside what the assessment knows.

    Attributes:
        tag: Tag of the commit, or empty.
        version: Version of Casework that made the report, or empty.
    """

    tag: str = ""
    version: str = ""


def verdict(view: View) -> Callout:
    """Return the decision, as it stands on the title page."""
    decision = view.decision
    release = release_line(decision)
    policy = view.assessment.policy
    if policy is not None and policy.demo:
        release += f" The trust policy “{policy.name}” is for demonstration: its keys are public."
    head = "BLOCKED" if decision.word == "blocked" else "PASS"
    good = decision.word == "pass" and decision.release
    tone = "good" if good else "bad" if decision.word == "blocked" else "doubt"
    title = f"{head}: {'release is not excluded' if good else 'no release'}"
    said = verdict_line(decision).partition(": ")[2].capitalize()
    return Callout(
        tone, "✓" if good else "✗" if decision.word == "blocked" else "!", title, (line(said), line(release))
    )


def title_page(view: View, baseline: Baseline, generated_for: date) -> tuple[Block, ...]:
    """Return the facts of the title page: the exact baseline."""
    known = view.assessment
    commit = cell(line(code(known.commit))) if known.commit else cell(line(word("no", "unknown: not a git repository")))
    if known.dirty:
        commit = (*commit, line(word("no", "files of the case differ from this commit: this is no baseline")))
    pairs: list[tuple[str, Cell]] = [
        ("Version of the case", cell(f"{known.project.version or 'not stated'}, tag {baseline.tag or 'none'}")),
        ("Commit", commit),
        ("Judged as of", cell(f"{known.today.day.isoformat()}; report generated for {generated_for.isoformat()}")),
        ("Models", tuple(_models(view)) or cell("none")),
        ("Data", tuple(_data(view)) or cell("none")),
        ("Trust policy", _policy(view)),
        ("Evidence log", _log(view)),
        ("Made by", cell(f"casework {baseline.version}".rstrip())),
        ("Counts", cell(", ".join(f"{name} {count}" for name, count in view.decision.summary)) or cell("none")),
    ]
    return (
        Facts(
            line("Baseline"),
            tuple(pairs),
            "the working tree, casework.yaml, model cards, datasets and the trust policy",
        ),
    )


def _models(view: View) -> Iterator[Line]:
    for key, card in view.case.nodes(ModelCard, "model_card"):
        yield line(*view.named(key), f" {card.version}  ", *file_state(view, card.file.path, card.file.sha256))
        yield line(muted("SHA-256 "), code(card.file.sha256))
        for location, one in card.locations():
            yield line(code(location), "  ", *file_state(view, one.path, one.sha256))
            yield line(muted("SHA-256 "), code(one.sha256))


def _data(view: View) -> Iterator[Line]:
    for key, node in view.case.nodes(Dataset, "dataset"):
        yield line(*view.named(key), f" version {node.version}")
        yield line(muted("SHA-256 of the manifest "), code(node.manifest.sha256))


def _log(view: View) -> Cell:
    fact = view.assessment.log
    if fact is None:
        return cell("none: the trust policy names no log, so what was removed without a trace is not missed")
    stamped = f"{fact.stamped} of them proven by time stamp" if fact.stamped else "no time stamp on it"
    return (
        line(f"{fact.origin}, {fact.size} entries, {stamped}; keep this root to compare with later:"),
        line(code(fact.root)),
    )


def _policy(view: View) -> Cell:
    policy = view.assessment.policy
    if policy is None:
        return cell(line(word("no", "could not be opened: no signature can be believed")))
    demo = (line(word("warning", "demonstration keys: no release can rest on them")),) if policy.demo else ()
    return (line(f"{policy.name}, version {policy.version}, expires {policy.expires}"), *demo)


def how_to_read(view: View) -> Section:
    """Return the page that a first-time reader needs."""
    del view
    paragraphs = (
        "This report shows the safety case of one machine-learning component as it stands at one commit. The "
        "case is a set of "
        "files: hazards, requirements, the argument, descriptions of models and data, and plans of evidence. The "
        "evidence itself "
        "consists of signed records of test runs on the exact model file and data that are named by digest on "
        "the title page.",
        "Every table is generated from these files, and says below its title from which. Nobody has edited the "
        "report. Where "
        "something is missing it is shown as a row that says so, not left out.",
        "Section 2 comes first for a reason: it lists everything that stands between this case and a release. "
        "Read it before "
        "the argument. Ids are links to the place where the report shows the item in full.",
    )
    statuses = Bullets(tuple(line(word(name), f"  {meaning}") for name, meaning in STATUS_MEANING))
    lead = Paragraph(line("Claims carry one of four statuses, each with a sign, a word and a colour:"))
    path = Paragraph(
        line(
            "A status that is not “supported” comes with a path: the arrows lead from the claim, step by step "
            "through what it "
            "rests on, to the node in which the cause lies."
        )
    )
    return Section(
        "How to read this report", "how-to-read", (*(Paragraph(line(p)) for p in paragraphs), lead, statuses, path)
    )


def limits(view: View) -> Section:
    """Return what the report does not show."""
    del view
    points = (
        "It shows what was written down. A hazard that nobody has thought of is in no table.",
        "A status says that evidence exists, is signed, is bound to these files and lies within its bounds. It "
        "does not say that "
        "the bound is the right one; that is for people to judge, and their sign-offs are listed.",
        "Statistical limits hold for data drawn like the test data. They say nothing of data that differ from them.",
        "Tests that a requirement names are looked up, not run: the case shows that they exist, not that they passed.",
        "Figures are shown with at most six digits, rounded to the worse side; the records hold all digits.",
        "The decision is as of the day on the title page. Keys, waivers and evidence can expire after it.",
        "The digests on the title page identify models and data; whoever relies on the report has to compare them.",
    )
    return Section("Limits of this report", "limits", (Bullets(tuple(line(p) for p in points)),))
