"""`model-signature`: digest and OpenSSF signature of a model file, and what in it must not be run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from casework.artifact.onnx_model import ExternalFile, OpenedModel, scan_model
from casework.generators.model_signature.openssf import SignatureRefused, sign_model, verify_model
from casework.generators.options import OptionSpec
from casework.generators.protocol import GeneratorProblem, Progress, Request, silent
from casework.generators.record import Finds, census, run_body, table
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
    checks = [_signature(model, request, finds), *_digest(model, request, finds)]
    finds.metrics.append(census("unsafe_operators", len(model.foreign_operators), n=len(model.operators)))
    finds.metrics.append(census("external_data_files", len(model.external_files), n=1))
    foreign_names = ", ".join(model.foreign_operators)
    checks.append(("operators", "refused", f"ART-012: {foreign_names}") if foreign_names else ("operators", "good", ""))
    outside = [f"{f.code or 'ART-011'}: {f.location}{_why(f)}" for f in model.external_files]
    checks.append(("external data", "refused" if outside else "good", ", ".join(outside)))
    finds.tables.append(table("checks", ("check", "outcome", "detail"), checks))
    foreign = set(model.foreign_operators)
    operators = [(name, count, name not in foreign) for name, count in model.operators]
    finds.tables.append(table("operators", ("operator", "count", "allowed"), operators))
    progress(1, 1, "model file")


def _why(file: ExternalFile) -> str:
    return " (leaves the folder)" if file.escapes else f" ({file.problem})" if file.problem else ""


def _digest(model: OpenedModel, request: Request, finds: Finds) -> list[tuple[str, str, str]]:
    card = None if request.model is None else request.model.card
    if card is None:
        finds.limitations.append("No model card pins the file: its digest was compared with nothing.")
        return []
    differs = model.sha256 != card.file.sha256
    finds.metrics.append(census("digest_mismatches", int(differs), n=1, k=int(differs)))
    return [("digest", "refused" if differs else "good", f"{model.sha256} against {card.file.sha256} of the card")]


def _signature(model: OpenedModel, request: Request, finds: Finds) -> tuple[str, str, str]:
    """Return the row of the signature, and fill in its metric and the control on an altered copy."""
    refusal = _refusal(model, request, finds)
    finds.metrics.append(census("signature_failures", int(bool(refusal)), n=1, k=int(bool(refusal))))
    return (
        ("signature", "refused", refusal)
        if refusal
        else ("signature", "good", f"binds {model.path.name} to {model.sha256}")
    )


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
    external = {f.location: f.content for f in model.external_files}
    try:
        verify_model(name, model.content, signature, key, external)
    except SignatureRefused as refused:
        return f"{refused.code}: {refused}"
    finds.self_checks.append(_control(name, model.content, signature, key, external))
    return ""


def _control(name: str, content: bytes, signature: bytes, key: bytes, external: Mapping[str, bytes]) -> SelfCheck:
    """Verify a copy with one bit turned: the verifier must refuse it."""
    altered = bytes([content[0] ^ 1]) + content[1:]
    try:
        verify_model(name, altered, signature, key, external)
    except SignatureRefused as refused:
        return SelfCheck(name="altered-copy-refused", outcome="passed", detail=str(refused))
    return SelfCheck(name="altered-copy-refused", outcome="failed", detail="a copy with one bit turned was accepted")


GENERATOR: Final = ModelSignature()
