"""What the evidence is about: datasets and models, as cards."""

from __future__ import annotations

from collections.abc import Iterator

from casework.model.learning import Dataset, ModelCard, Tensor
from casework.model.result import ResultRecord
from casework.render.report.appendix import anchor_of_figures
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
    code,
    group,
    line,
    muted,
    plain,
    strong,
    to_anchor,
    word,
)
from casework.render.report.figures import figure, interval, measured, sample, worse_side
from casework.render.report.view import View

_WORST = 3
"""Slices that a model card names for each metric."""


def datasets(view: View) -> Section:
    """Return the section of datasets."""
    blocks: list[Block] = []
    for key, node in view.case.nodes(Dataset, "dataset"):
        blocks.append(
            Facts(
                view.named(key), tuple(_dataset(view, key, node)), "dataset node and its manifest file", anchor_of(key)
            )
        )
        blocks.append(_splits(view, key, node))
    return Section("Datasets", "datasets", tuple(blocks) or (Paragraph(line("The case describes no dataset.")),))


def _dataset(view: View, key: str, node: Dataset) -> Iterator[tuple[str, Cell]]:
    yield "What it is", cell(node.statement, f"Version {node.version}")
    yield (
        "Manifest",
        cell(
            line(code(node.manifest.path)), line(muted("SHA-256 "), code(node.manifest.sha256)), _manifest(view, node)
        ),
    )
    yield "Provenance", cell(node.provenance or "not stated")
    yield "Labelling", cell(node.labelling or "not stated")
    yield "Covers", cell(view.refs(node.covers)) or cell("no operational design domain is named")
    yield "Must share nothing with", cell(view.refs(node.disjoint_from)) or cell("not stated")
    yield "Slices reported", cell(", ".join(node.slices)) or cell("none")
    yield "Licence", cell(node.licence or "not stated")
    yield "Evidence on it", cell(*_about(view, key, "subject", "data", "against")) or cell("none")


def _manifest(view: View, node: Dataset) -> Line:
    fact = view.assessment.manifests.get(node.manifest.path)
    if fact is None:
        return line(word("open", "not looked at"))
    if fact.problem:
        return line(word("no", "unreadable"), f"  {fact.problem}")
    if fact.sha256 != node.manifest.sha256:
        return line(word("no", "differs"), "  the file has SHA-256 ", code(fact.sha256))
    faults = [f"{len(fact.missing)} files missing"] * bool(fact.missing) + [
        f"{len(fact.changed)} files changed"
    ] * bool(fact.changed)
    return line(word("no", "; ".join(faults))) if faults else line(word("yes", "the file is the one described"))


def _splits(view: View, key: str, node: Dataset) -> Table:
    fact = view.assessment.manifests.get(node.manifest.path)
    found = dict(fact.splits) if fact else {}
    rows = [
        Row(
            (
                cell(s.name),
                cell(s.purpose.replace("_", " ")),
                cell(str(s.size)),
                cell(str(found.get(s.name, "not counted"))),
            )
        )
        for s in node.splits
    ]
    columns = (
        Column("Split", 1.5),
        Column("Purpose", 1.5),
        Column("Items as described", 1),
        Column("Items in the manifest", 1),
    )
    return Table(
        f"Splits of {key}", "field splits, and the manifest as it lies in the repository", columns, tuple(rows)
    )


def _about(view: View, key: str, *fields: str) -> Iterator[Line]:
    for evidence in view.sources(key, *fields):
        item = view.assessment.appraisals.get(evidence)
        if view.case.entries[evidence].type == "evidence":
            yield line(*view.named(evidence), "  ", word(item.state if item else "missing"))


def models(view: View) -> Section:
    """Return the section of model cards, with the figures that current evidence measured."""
    blocks: list[Block] = []
    for key, node in view.case.nodes(ModelCard, "model_card"):
        blocks.append(Facts(view.named(key), tuple(_model(view, key, node)), "model card", anchor_of(key)))
        blocks.append(_measured(view, key))
    return Section("Models", "models", tuple(blocks) or (Paragraph(line("The case has no model card.")),))


def _external(view: View, node: ModelCard) -> Iterator[Line]:
    for one in node.external:
        yield line(code(one.path))
        yield line(muted("SHA-256 "), code(one.sha256))
        yield file_state(view, one.path, one.sha256)


def _model(view: View, key: str, node: ModelCard) -> Iterator[tuple[str, Cell]]:
    yield "Version", cell(f"{node.version}, {node.task}, {node.precision}")
    yield (
        "File",
        cell(
            line(code(node.file.path)),
            line(muted("SHA-256 "), code(node.file.sha256)),
            file_state(view, node.file.path, node.file.sha256),
        ),
    )
    if node.external:
        yield "Weights outside the file", cell(*_external(view, node))
    yield "Signature", cell(line(code(node.signature))) if node.signature else cell("none named")
    yield "Intended use", cell(node.intended_use)
    yield "Known limits", cell(*node.limits) or cell("none stated")
    yield "Ethical considerations", cell(*node.ethical_considerations) or cell("none stated")
    yield "Classes", cell(", ".join(node.classes)) or cell("none named")
    yield "Inputs", cell(*(_tensor(t) for t in node.inputs))
    yield "Outputs", cell(*(_tensor(t) for t in node.outputs))
    yield (
        "Decoder",
        cell(f"{node.decoder.name} {node.decoder.parameters or ''}".rstrip()) if node.decoder else cell("not stated"),
    )
    yield "Trained on", cell(view.refs(node.trained_on)) or cell("not stated")
    yield "Derived from", cell(view.refs(view.targets(key, "derived_from"))) or cell("no other model")
    yield "Deployed on", cell(node.deployed_on or "not stated")
    yield "Licence", cell(node.licence or "not stated")


def file_state(view: View, path: str, sha256: str) -> Line:
    """Return whether a file is the one that its digest names."""
    fact = view.assessment.files.get(path)
    if fact is None:
        return line(word("open", "not looked at"))
    if not fact.exists:
        return line(word("no", "the file does not exist"))
    if fact.problem:
        return line(word("no", "unreadable"), f"  {fact.problem}")
    if fact.sha256 != sha256:
        return line(word("no", "differs"), "  the file has SHA-256 ", code(fact.sha256))
    return line(word("yes", "the file is the one described"), f"  {fact.size} bytes")


def _tensor(tensor: Tensor) -> Line:
    shape = " × ".join(str(axis) for axis in tensor.shape)
    return line(code(f"{tensor.name}: {tensor.dtype} [{shape}]"), f"  {tensor.meaning}" if tensor.meaning else "")


def _measured(view: View, key: str) -> Table:
    columns = (
        Column("Metric", 1.2),
        Column("Measured", 1.2),
        Column("Sample", 1),
        Column("Two-sided interval as recorded", 2),
        Column("Worst slices", 2.6),
    )
    rows: list[Row] = []
    for evidence in view.sources(key, "subject"):
        item = view.assessment.appraisals.get(evidence)
        if item is not None and item.state == "current" and item.record is not None:
            every = to_anchor(anchor_of_figures(evidence), "all figures")
            rows.append(group(line(*view.named(evidence), "  ", every)))
            rows += [_headline(item.record, name) for name in dict.fromkeys(m.name for m in item.record.metrics)]
    caption = f"Figures measured on {key}, over all data inside the operational design domain"
    source = "metrics of slice all of current evidence whose subject is this model; slices of all sizes are compared"
    return Table(caption, source, columns, tuple(rows), "No current evidence measures this model.", dense=True)


def _headline(record: ResultRecord, name: str) -> Row:
    worst = tuple(_worst(record, name))
    metric = next((m for m in record.metrics if m.name == name and m.slice == "all"), None)
    if metric is None:
        return Row((cell(name), cell(line(muted("by slice only"))), (), (), worst))
    cells = (cell(name), cell(measured(metric)), cell(sample(metric)), cell(interval(metric) or "none"))
    return Row((*cells, worst or cell("not by slice")))


def _worst(record: ResultRecord, name: str) -> Iterator[Line]:
    """Yield the three slices on which a metric looks worst, the worst first."""
    side = worse_side(name)
    slices = [m for m in record.metrics if m.name == name and m.slice != "all"]
    if side == "exact":
        if slices:
            yield line(muted(f"{len(slices)} slices, of which none is better than another"))
        return
    slices.sort(key=lambda m: (m.value if side == "down" else -m.value, m.slice))
    for m in slices[:_WORST]:
        counts = f" ({sample(m)})" if sample(m) else ""
        yield line(plain(f"{m.slice} "), strong(figure(m.value, side)), muted(counts))
