"""From records of fault injection to pictures: found in files or in the case, drawn, and given back as bytes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import ValidationError

from casework.artifact.digest import sha256_bytes
from casework.artifact.strict_json import MAX_BYTES, read_json
from casework.model.problem import CallProblem
from casework.model.result import PAYLOAD_TYPE, ResultRecord

if TYPE_CHECKING:
    from casework.render.charts import Campaign, Figure, Shown, Way
    from casework.workflow.publish import Scene

Progress = Callable[[str], None]
Form = Literal["svg", "png", "html"]

_SHOWN = 12
_BEGINS = (b"{", b"[", b"\xef", b"\xfe", b"\xff")
"""First byte of what was meant as JSON: an object, a list, or the byte order mark that some editors and shells write before one."""


@dataclass(frozen=True, slots=True)
class Found:
    """A record, what to call it, and where it came from in a sentence."""

    label: str
    record: ResultRecord
    origin: str


def find(source: str, scene: Callable[[], Scene]) -> Found:
    """Return the record that an argument means: a file where there is one of that name, else the current record of an evidence node.

    Args:
        source: Path of a record or of a sealed record, or key of an evidence node.
        scene: Assesses the case, if it is needed.

    Raises:
        CallProblem: There is neither, or it holds no record that can be read.
    """
    path = Path(source)
    if path.is_dir():
        raise CallProblem(f"{source} is a folder; give a record in it, such as {source.rstrip('/')}/….dsse.json")
    if path.is_file():
        return _from_file(path)
    if path.suffix in (".json", ".dsse") or "/" in source:
        raise CallProblem(f"{source}: no such file")
    try:
        assessed = scene()
    except CallProblem as problem:
        raise CallProblem(f"there is no file {source}, and no case to look it up in: {problem}") from None
    return _from_case(source, assessed)


def _from_file(path: Path) -> Found:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CallProblem(f"{path} is larger than the {MAX_BYTES} bytes that a record may have")
        data = path.read_bytes()
    except OSError as error:
        raise CallProblem(f"{path} cannot be read: {error.strerror or error}") from error
    reading = read_json(data)
    if reading.problem is not None:
        if data.lstrip()[:1] not in _BEGINS:
            raise CallProblem(
                f"{path} is no record: casework plot takes the JSON that `casework try fault-injection … --format json` writes, "
                "a sealed record, or the id of an evidence node"
            )
        found = reading.problem
        raise CallProblem(f"{path}, line {found.line}, column {found.column}: {found.message}")
    value = reading.value
    label = re.sub(r"(\.dsse)?\.json$", "", path.name) or path.name
    if isinstance(value, dict) and "payloadType" in value:
        record = _sealed(path, data)
        told = "its signatures were not checked here; `casework check` and `casework verify` do that"
        return Found(
            record.evidence or label, record, f"Sealed record {path.name} (SHA-256 {sha256_bytes(data)}); {told}."
        )
    try:
        record = ResultRecord.model_validate_json(data)
    except ValidationError as error:
        raise CallProblem(_misfit(path, error)) from None
    origin = f"Record {path.name} (SHA-256 {sha256_bytes(data)}); it is not signed."
    return Found(record.evidence or label, record, origin)


def _sealed(path: Path, data: bytes) -> ResultRecord:
    from casework.attest.carrier import Problem
    from casework.attest.dsse import read_envelope
    from casework.attest.statement import read_statement

    envelope = read_envelope(data, payload_type=PAYLOAD_TYPE)
    if isinstance(envelope, Problem):
        raise CallProblem(f"{path}: {envelope.message} ({envelope.code})")
    statement = read_statement(envelope.payload)
    if isinstance(statement, tuple):
        raise CallProblem(f"{path}: {statement[0].message} ({statement[0].code})")
    return statement.predicate


def _misfit(path: Path, error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the document"
    more = error.error_count() - 1
    also = f", and {more} more" if more else ""
    return f"{path} is no record: {where}: {first['msg'][:150]}{also}; `casework try fault-injection … --format json` prints one"


def _from_case(key: str, scene: Scene) -> Found:
    assessment = scene.assessed.assessment
    item = assessment.appraisals.get(key)
    if item is None:
        if key in assessment.case:
            raise CallProblem(f"{key} is of type {assessment.case.entries[key].type}; only evidence has records")
        near = difflib.get_close_matches(key, assessment.appraisals, 3)
        raise CallProblem(
            f"there is no file and no evidence {key}" + (f"; did you mean {', '.join(near)}?" if near else "")
        )
    verdict, record = item.verdict, item.record
    if item.state != "current" or verdict is None or record is None:
        why = f": {'; '.join(item.reasons)}" if item.reasons else ""
        how = f"; give {verdict.path} to draw it all the same" if verdict is not None and record is not None else ""
        raise CallProblem(f"{key} has no current record: it is {item.state}{why}{how}")
    origin = f"Current record of {key}: {verdict.path} (SHA-256 of the statement {verdict.digest}), verified under the trust policy."
    return Found(key, record, origin)


def plot_files(
    sources: Sequence[Found], against: Found | None, form: Form, way: Way, scale: float, progress: Progress, note: Progress
) -> list[tuple[str, bytes]]:  # fmt: skip
    """Return the pictures of records as (file name, bytes): one page for html, a file a figure for svg and png.

    Args:
        sources: The records.
        against: Record of the model before hardening; None for no comparison.
        form: What to make.
        way: Whether scales are logarithmic.
        scale: Pixels for each point of a PNG.
        progress: Is told what is being drawn.
        note: Is told what speaks against a comparison; and of each figure that cannot be drawn though the record should hold
            what it needs, and why; a campaign of single faults has no curve by number of faults, and nobody is told.

    Raises:
        CallProblem: A record holds no table of fault injection, or one that cannot be read; or two cannot be compared.
    """
    from casework.render.charts import to_html

    shown = []
    for found in sources:
        progress(f"drawing {found.label}")
        shown.append(_shown(found, against, way))
    shown = _told_apart(shown)
    for one in shown:
        _note_doubts(one, note)
        for figure in (*one.compared, *one.figures):
            if not figure.body and not figure.needless:
                note(f"{one.campaign.label}: no figure `{figure.title}`: {figure.caption}")
    if form == "html":
        return [("fault-injection.html", to_html(shown).encode())]
    return [made for one in shown for made in _pictures(one, form, scale, progress)]


def _campaign(found: Found) -> Campaign:
    from casework.render.charts import TableProblem, is_campaign, read

    record = found.record
    if not is_campaign(record):
        names = [table.name for table in record.tables]
        listed = ", ".join(f"`{name}`" for name in names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
        held = f"its tables are {listed}" if names else "it has no tables at all"
        raise CallProblem(
            f"{found.label} holds no table of fault injection: it is of the generator {record.generator.name} with status "
            f"{record.status}{f' ({record.reason})' if record.reason else ''}, and {held}"
        )
    try:
        return read(record, found.label)
    except TableProblem as problem:
        raise CallProblem(f"{found.label}: {problem}") from None


def _shown(found: Found, against: Found | None, way: Way) -> Shown:
    from casework.render.charts import Shown, comparison, figures, incomparable

    campaign = _campaign(found)
    if against is None or against.record == found.record:  # named twice, to have its own figures too
        return Shown(campaign, figures(campaign, way), found.origin)
    before = _campaign(against)
    reason = incomparable(before, campaign)
    if reason:
        raise CallProblem(f"{found.label} cannot be drawn against {against.label}: {reason}")
    compared = comparison(before, campaign, way)
    return Shown(campaign, figures(campaign, way), found.origin, compared, before, against.origin)


def _note_doubts(shown: Shown, note: Progress) -> None:
    from casework.render.charts import differences

    if shown.before is not None:
        doubts = differences(shown.before, shown.campaign)
        if doubts:
            note(f"{shown.campaign.label} against {shown.before.label}: compare with care: {'; '.join(doubts)}")


def _told_apart(shown: list[Shown]) -> list[Shown]:
    """Return what is shown with labels that differ, so that no file overwrites another."""
    from dataclasses import replace

    taken: dict[str, int] = {}
    made = []
    for one in shown:
        name = _slug(one.campaign.label)
        taken[name] = taken.get(name, 0) + 1
        label = one.campaign.label if taken[name] == 1 else f"{one.campaign.label} ({taken[name]})"
        made.append(replace(one, campaign=replace(one.campaign, label=label)))
    return made


def _pictures(shown: Shown, form: Form, scale: float, progress: Progress) -> list[tuple[str, bytes]]:
    from casework.render.charts import svg
    from casework.render.gsn import to_png

    made = []
    for figure in (*shown.compared, *shown.figures):
        if figure.body:
            progress(f"drawing {shown.campaign.label}: {figure.name}")
            text = svg(figure, source=_source(shown, figure))
            data = text.encode() if form == "svg" else to_png(text, scale)
            made.append((f"{_slug(shown.campaign.label)}-{figure.name}.{form}", data))
    return made


def _source(shown: Shown, figure: Figure) -> str:
    digests = shown.campaign.record.digests
    parts = [
        f"{role.replace('_', ' ')} {digests[role][:12]}"
        for role in ("model", "fault_list", "outcome")
        if role in digests
    ]
    label = "" if shown.campaign.label in figure.title else f"{shown.campaign.label} · "
    return f"{label}SHA-256 of {', '.join(parts)}" if parts else shown.campaign.label


def _slug(label: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", label).strip("._") or "record"
