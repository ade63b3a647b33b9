"""Process: practices, tool qualification, sign-offs."""

from __future__ import annotations

from collections.abc import Iterator

from casework.model.node import Node
from casework.model.process import Practice, Review, Tool, UseCase
from casework.model.standards import ASPICE_PRACTICES
from casework.render.report.document import (
    Block,
    Cell,
    Column,
    Facts,
    Line,
    Paragraph,
    Row,
    Section,
    Table,
    anchor_of,
    cell,
    line,
    muted,
    ref,
    strong,
    word,
)
from casework.render.report.figures import share
from casework.render.report.verification import tests_by_file
from casework.render.report.view import View


def practices(view: View) -> Section:
    """Return the answers to the base practices of Automotive SPICE, those without an answer among them."""
    found: dict[str, list[tuple[str, Practice]]] = {}
    for key, node in view.case.nodes(Practice, "practice"):
        found.setdefault(node.practice, []).append((key, node))
    ids = [*ASPICE_PRACTICES, *sorted(set(found) - set(ASPICE_PRACTICES))]
    columns = (
        Column("Practice", 0.9),
        Column("Title", 1.8),
        Column("Answer", 2.6),
        Column("Satisfied by", 1.4),
        Column("Status", 1),
    )
    rows = [row for practice in ids for row in _practice(view, practice, found.get(practice, []))]
    answered = sum(any(node.answer for _, node in found.get(practice, [])) for practice in ASPICE_PRACTICES)
    caption = f"ML base practices answered: {share(answered, len(ASPICE_PRACTICES))}"
    source = "practice nodes, and the list of base practices MLE.1 to MLE.4 and SUP.11 of Automotive SPICE PAM 4.0"
    return Section("Process practices", "practices", (Table(caption, source, columns, tuple(rows)),))


def _practice(view: View, practice: str, nodes: list[tuple[str, Practice]]) -> Iterator[Row]:
    title = ASPICE_PRACTICES.get(practice, "not a base practice of MLE.1 to MLE.4 or SUP.11")
    if not nodes:
        yield Row((cell(practice), cell(title), cell(line(word("open", "not answered"))), (), cell(line(word("open")))))
    for key, node in nodes:
        answer = cell(node.answer) if node.answer else cell(line(word("open", "not answered")))
        if not node.applicable:
            answer = (line(strong("Not applicable. ")), *answer)
        by = cell(view.refs(node.satisfied_by)) or cell("nothing")
        cells = (cell(practice, line(ref(key))), cell(title), answer, by, cell(line(view.status(key))))
        yield Row(cells, anchor_of(key))


def tools(view: View) -> Section:
    """Return the qualification of software tools."""
    intro = Paragraph(
        line(
            "The tool confidence level (TCL) is computed from tool impact (TI) and tool error detection (TD) by "
            "ISO 26262-8:2018, Table 3. A potential error that nothing detects is shown as a hole."
        )
    )
    parts = [
        Section(f"{key} {node.title or ''}".rstrip(), f"tool-{key}", tuple(_tool(view, key, node)))
        for key, node in view.case.nodes(Tool, "tool")
    ]
    none = (Paragraph(line(strong("The case describes no software tool."))),)
    return Section("Tool qualification", "tools", (intro, *(() if parts else none)), tuple(parts))


def _tool(view: View, key: str, node: Tool) -> Iterator[Block]:
    pairs: tuple[tuple[str, Cell], ...] = (
        ("What it is", cell(node.statement, f"Version {node.version}")),
        (
            "Confidence",
            cell(line(strong(node.tcl), f"  from {node.ti} and {node.td}"), node.rationale or "no rationale is given"),
        ),
        ("Qualified by", cell(view.refs(node.qualified_by)) or cell("nothing")),
        ("Status", (line(view.status(key)), *view.cause(key))),
    )
    yield Facts(view.named(key), pairs, "tool node; the level is computed", anchor_of(key))
    columns = (
        Column("Use case", 1.2),
        Column("Potential error", 1.7),
        Column("Effect", 1.2),
        Column("Detected or prevented by (a test is defined unless it says otherwise)", 3.4),
    )
    rows = [row for use in node.use_cases for row in _use(view, use)]
    yield Table(
        f"Uses of {key} and what may go wrong",
        "field use_cases",
        columns,
        tuple(rows),
        "No use case is described.",
        dense=True,
    )


def _use(view: View, use: UseCase) -> Iterator[Row]:
    first = cell(line(strong(use.id), f"  {use.description}"))
    if not use.potential_errors:
        yield Row((first, cell(line(word("open", "no potential error was looked for"))), (), ()))
    for number, error in enumerate(use.potential_errors):
        by = [_detection(view, name) for name in error.detected_by if name in view.case]
        by += tests_by_file(view, [name for name in error.detected_by if name not in view.case])
        named = first if number == 0 else cell(line(muted(f"{use.id}, as above")))
        hole = cell(line(word("no", "nothing detects it")))
        yield Row(
            (
                named,
                cell(line(strong(error.id), f"  {error.description}")),
                cell(error.effect or "not stated"),
                tuple(by) or hole,
            )
        )


def _detection(view: View, name: str) -> Line:
    return line(*view.named(name), "  ", view.status(name))


def reviews(view: View) -> Section:
    """Return the sign-offs, and the nodes that need one and have none that counts."""
    columns = (
        Column("Sign-off", 0.8),
        Column("By", 1),
        Column("On", 0.8),
        Column("Meaning", 0.8),
        Column("Nodes, and whether it is of their present state", 5),
        Column("Remarks", 2),
    )
    rows = [
        Row(
            (
                cell(line(ref(key))),
                cell(line(strong(node.by)), node.role or "no role stated"),
                cell(node.on.isoformat()),
                cell(line(word({"approved": "yes", "reviewed": "yes", "rejected": "no"}[node.meaning], node.meaning))),
                tuple(_signed(view, key, node)),
                cell(node.remarks or ""),
            ),
            anchor_of(key),
        )
        for key, node in view.case.nodes(Review, "review")
    ]
    source = "review nodes, each compared with the present fingerprint of what it signs"
    signed = Table("Sign-offs", source, columns, tuple(rows), "Nobody has signed off anything.")
    return Section("Reviews and approvals", "reviews", (signed, _unsigned(view)))


def _signed(view: View, key: str, review: Review) -> Iterator[Line]:
    """Yield the nodes that a review signs, by whether it is of their present state; those that do not count first."""
    found: dict[str, list[str]] = {"missing": [], "changed": [], "same": []}
    for target in view.targets(key, "of"):
        seen = review.fingerprints.get(target)
        same = "same" if seen == view.case.fingerprint(target) else "changed"
        found["missing" if seen is None else same].append(target)
    words = {
        "missing": word("open", "no fingerprint was recorded"),
        "changed": word("open", "changed since: does not count"),
        "same": word("yes", "present state"),
    }
    for state, targets in found.items():
        if targets:
            yield line(words[state], "  ", *view.refs(targets))


def _unsigned(view: View) -> Table:
    types = view.assessment.project.review.types
    by_type: dict[str, list[str]] = {}
    for key in sorted(view.case.keys(*types)):
        if not _has_valid(view, key):
            by_type.setdefault(view.case.entries[key].type, []).append(key)
    rows = [
        Row((cell(name.replace("_", " ")), cell(str(len(keys))), cell(view.refs(keys))))
        for name, keys in by_type.items()
    ]
    columns = (Column("Type", 0.8), Column("Count", 0.4), Column("Nodes", 6))
    kinds = ", ".join(name.replace("_", " ") for name in types)
    source = f"nodes of the types that the project wants signed ({kinds})"
    return Table("Without a sign-off of the present state", source, columns, tuple(rows), "All are signed off.")


def _has_valid(view: View, key: str) -> bool:
    return any(_counts(view.node(source), view.case.fingerprint(key), key) for source in view.sources(key, "of"))


def _counts(review: Node | None, fingerprint: str, key: str) -> bool:
    return isinstance(review, Review) and review.meaning != "rejected" and review.fingerprints.get(key) == fingerprint
