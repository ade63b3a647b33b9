"""`model-signature`: digests and OpenSSF signature of a model file with its files of weights, and what must not be run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from casework.artifact.digest import closure_digest
from casework.artifact.onnx_model import ExternalFile, OpenedModel, scan_model
from casework.generators.model_signature.openssf import SignatureRefused, sign_model, verify_model
from casework.generators.options import OptionSpec
from casework.generators.protocol import GeneratorProblem, Progress, Request, silent
from casework.generators.record import Finds, census, note_external, run_body, table
from casework.model.result import ResultRecord, SelfCheck

__all__ = ["GENERATOR", "OPTIONS", "ModelSignature", "sign_model"]

OPTIONS: Final = (
    OptionSpec("public_key", "text", None, "PEM file of the key that must have signed; as handed over by the caller."),
)


class ModelSignature:
    """The generator `model-signature`."""

    name = "model-signature"
    options: tuple[OptionSpec, ...] = OPTIONS

    def run(self, request: Request, progress: Progress = silent) -> ResultRecord:
        """Examine the model file of the request."""
        return run_body(self.name, OPTIONS, _body, request, progress)


def _body(request: Request, options: dict[str, Any], finds: Finds, progress: Progress) -> None:
    if request.model is None:
        raise GeneratorProblem("model-signature needs a model", "Name it: casework try model-signature MODEL.")
    model = scan_model(request.model.path)
    finds.digests["model"], finds.files["model"] = model.sha256, request.model.name
    pins = _pins(request)
    _note_pinned(model, pins, finds)
    checks = [_signature(model, request, finds), *_digests(model, pins, finds)]
    finds.metrics.append(census("unsafe_operators", len(model.foreign_operators), n=len(model.operators)))
    finds.metrics.append(census("external_data_files", len(model.external_files), n=1))
    foreign_names = ", ".join(model.foreign_operators)
    checks.append(("operators", "refused", f"ART-012: {foreign_names}") if foreign_names else ("operators", "good", ""))
    checks.append(_external(model, pins))
    finds.tables.append(table("checks", ("check", "outcome", "detail"), checks))
    foreign = set(model.foreign_operators)
    operators = [(name, count, name not in foreign) for name, count in model.operators]
    finds.tables.append(table("operators", ("operator", "count", "allowed"), operators))
    progress(1, 1, "model file")


def _why(file: ExternalFile) -> str:
    return " (leaves the folder)" if file.escapes else f" ({file.problem})" if file.problem else ""


def _pins(request: Request) -> dict[str, str] | None:
    """Return what the model card pins, by name; None without a card."""
    source = request.model
    if source is None or source.card is None:
        return None
    return source.pins() or {source.path.name: source.card.file.sha256}


def _note_pinned(model: OpenedModel, pins: Mapping[str, str] | None, finds: Finds) -> None:
    """Note the digest of the external files that the card pins; what it does not pin is refused below, and binds nothing."""
    if pins is None:
        note_external("model", model, finds)
        return
    held = {name: model.digests.get(name, "") for name in pins if name != model.path.name}
    if held and all(held.values()):
        finds.digests["external"], finds.files["external"] = closure_digest(held), ", ".join(sorted(held))


def _external(model: OpenedModel, pins: Mapping[str, str] | None) -> tuple[str, str, str]:
    """Return the row of the external files: refused where one cannot be read as it should, or is not pinned."""
    bad = [f for f in model.external_files if f.problem or f.location not in (pins or {})]
    if bad:
        told = ", ".join(f"{f.code or 'ART-011'}: {f.location}{_why(f) or ' (not pinned)'}" for f in bad)
        return "external data", "refused", told
    names = ", ".join(f.location for f in model.external_files)
    return "external data", "good", f"pinned: {names}" if names else ""


def _digests(model: OpenedModel, pins: Mapping[str, str] | None, finds: Finds) -> list[tuple[str, str, str]]:
    """Return a row for each file of the model and each that the card pins, and fill in the metric."""
    if pins is None:
        finds.limitations.append("No model card pins the file: its digest was compared with nothing.")
        return []
    held = model.digests
    rows: list[tuple[str, str, str]] = []
    for name in [model.path.name, *sorted((held.keys() | pins.keys()) - {model.path.name})]:
        now, pinned = held.get(name), pins.get(name)
        what = "digest" if name == model.path.name else f"digest of {name}"
        told = f"{'no file of the model' if now is None else now or 'not read'} against {pinned or 'none'} of the card"
        rows.append((what, "good" if now and now == pinned else "refused", told))
    wrong = sum(outcome == "refused" for _what, outcome, _told in rows)
    finds.metrics.append(census("digest_mismatches", wrong, n=len(rows), k=wrong))
    return rows


def _signature(model: OpenedModel, request: Request, finds: Finds) -> tuple[str, str, str]:
    """Return the row of the signature, and fill in its metric and the control on an altered copy."""
    refusal = _refusal(model, request, finds)
    finds.metrics.append(census("signature_failures", int(bool(refusal)), n=1, k=int(bool(refusal))))
    return ("signature", "refused", refusal) if refusal else ("signature", "good", "; ".join(_bound(model)))


def _bound(model: OpenedModel) -> Iterator[str]:
    yield f"binds {model.path.name} to {model.sha256}"
    for one in model.external_files:
        yield f"{one.location} to {one.sha256}"


def _refusal(model: OpenedModel, request: Request, finds: Finds) -> str:
    if request.signature is None or request.public_key is None:
        missing = "no signature was given" if request.signature is None else "no public key was given"
        finds.limitations.append(f"The model counts as not signed: {missing}.")
        return missing
    signature = finds.read_file("signature", request.signature, request.signature.name)
    key = finds.read_file("public_key", request.public_key, request.public_key.name)
    name = model.path.name
    lost = [f for f in model.external_files if f.problem]
    if lost:
        return f"{lost[0].code or 'ART-011'}: {lost[0].location!r} cannot be compared with what is signed: {lost[0].problem}"
    pins = _pins(request)
    loose = [f.location for f in model.external_files if pins is not None and f.location not in pins]
    if loose:
        return f"ART-011: {', '.join(map(repr, loose))} not pinned: name it in the field `external` of the model card"
    external = {f.location: f.content for f in model.external_files}
    try:
        verify_model(name, model.content, signature, key, external)
    except SignatureRefused as refused:
        return f"{refused.code}: {refused}"
    altered = _altered(model.content)
    finds.self_checks.append(_control("altered-copy-refused", name, altered, signature, key, external))
    if external:
        first = min(external)
        turned = {**external, first: _altered(external[first])}
        finds.self_checks.append(_control("altered-weights-refused", name, model.content, signature, key, turned))
    return ""


def _altered(content: bytes) -> bytes:
    return bytes([content[0] ^ 1]) + content[1:] if content else b"\0"


def _control(
    check: str, name: str, content: bytes, signature: bytes, key: bytes, external: Mapping[str, bytes]
) -> SelfCheck:
    """Verify a copy with one bit turned: the verifier must refuse it."""
    try:
        verify_model(name, content, signature, key, external)
    except SignatureRefused as refused:
        return SelfCheck(name=check, outcome="passed", detail=str(refused))
    return SelfCheck(name=check, outcome="failed", detail="a copy with one bit turned was accepted")


GENERATOR: Final = ModelSignature()
