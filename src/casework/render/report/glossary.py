"""The glossary: the words of the report, the metrics that the case uses, and what each of them means."""

from __future__ import annotations

from casework.model.catalogue import metric_spec
from casework.model.requirement import Requirement
from casework.render.report.document import Block, Bullets, Facts, Paragraph, Section, cell, line, plain, strong, word
from casework.render.report.view import View
from casework.render.report.words import OUTCOME_MEANING, STATE_MEANING, STATUS_MEANING

_TERMS = (
    ("ACP", "Assurance claim point: a place in the argument whose confidence is argued by a goal of its own (GSN v3)."),
    ("ASIL, QM", "Automotive safety integrity level A to D, or quality management only (ISO 26262)."),
    ("Baseline", "The exact state that was judged: a commit, and the digests of models, data and trust policy."),
    (
        "Clopper-Pearson",
        "Exact confidence limits of a share k of n, from the binomial distribution (Clopper and Pearson, Biometrika 26, "
        "1934); they are never narrower than the confidence claims.",
    ),
    ("Confidence limit", "The value that the true figure does not go beyond, at the stated confidence; one-sided."),
    ("Digest", "SHA-256 of a file's bytes; two files with one digest are the same file."),
    ("DSSE", "Dead Simple Signing Envelope: the form in which records of evidence are signed."),
    ("Fingerprint", "SHA-256 of a node's meaning; it changes with every change of meaning and with nothing else."),
    ("FTTI", "Fault tolerant time interval: how long a fault may act before a hazardous event may occur."),
    ("GSN", "Goal Structuring Notation, version 3."),
    ("Interval", "Two limits between which the true figure lies at the stated confidence; two-sided, as recorded."),
    (
        "Named test",
        "A test that a requirement names. That it exists was looked up; its result is not held by the case.",
    ),
    ("ODD", "Operational design domain: the conditions that the component is made for."),
    ("SPI", "Safety performance indicator: a figure of operation that, beyond its threshold, puts a claim in doubt."),
    ("TI, TD, TCL", "Tool impact, tool error detection, and the tool confidence level that follows (ISO 26262-8)."),
    ("Waiver", "A deviation that a person answers for until a date; it never makes a criterion met that is not."),
)


def glossary(view: View) -> Section:
    """Return the words of the report and what they mean."""
    blocks: list[Block] = [Facts(line("Terms"), tuple((name, cell(meaning)) for name, meaning in _TERMS))]
    used = sorted(_metrics(view))
    if used:
        source = "the criteria and records of this case, and the catalogue of metrics"
        blocks.append(Facts(line("Metrics"), tuple((name, cell(_meaning(name))) for name in used), source))
    for title, words in (
        ("Statuses of claims", STATUS_MEANING),
        ("States of evidence", STATE_MEANING),
        ("Outcomes of criteria", OUTCOME_MEANING),
    ):
        blocks.append(Paragraph(line(strong(title))))
        blocks.append(Bullets(tuple(line(word(name), plain(f"  {meaning}")) for name, meaning in words)))
    return Section("Glossary", "glossary", tuple(blocks))


def _metrics(view: View) -> set[str]:
    """Return the names of all metrics that criteria ask for or records hold."""
    asked = {c.metric for _, node in view.case.nodes(Requirement, "requirement") for c in node.acceptance}
    records = (item.record for item in view.assessment.appraisals.values())
    return asked | {metric.name for record in records if record is not None for metric in record.metrics}


def _meaning(name: str) -> str:
    spec = metric_spec(name)
    if spec is None:
        return "no generator of this version yields it"
    better = {"higher": "more is better", "lower": "less is better", "neither": "neither more nor less is better"}
    meaning = spec.meaning[:1].upper() + spec.meaning[1:]
    return f"{meaning} ({spec.unit}; {better[spec.better]})."
