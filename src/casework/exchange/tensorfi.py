"""Plans of TensorFI 1 and TensorFI 2 as plans of ours, with everything told that is lost or means something else."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final, Literal, assert_never

from casework.artifact.yaml_reader import Problem, read_stream
from casework.exchange import tensorfi_one, tensorfi_two
from casework.exchange.tensorfi_settings import CODES, Option, Plan, Settings, Untranslatable
from casework.model.finding import Finding

__all__ = ["CODES", "Plan", "Translation", "command", "nodes", "translate"]

GENERATOR: Final = "fault-injection"

Tool = Literal["TensorFI 1", "TensorFI 2"]


@dataclass(frozen=True, slots=True)
class Translation:
    """What became of one file.

    Attributes:
        file: Its path.
        tool: `TensorFI 1`, `TensorFI 2`, or empty where neither is recognised.
        plans: The campaigns it asks for; none where a finding is an error.
        findings: What is lost, differs, is not understood or is idle, by place.
    """

    file: str
    tool: str
    plans: tuple[Plan, ...]
    findings: tuple[Finding, ...]

    @property
    def failed(self) -> bool:
        """True where nothing could be made of the file."""
        return not self.plans


def translate(data: bytes, file: str, counts: Mapping[str, int] | None = None) -> Translation:
    """Translate a configuration of TensorFI 1 or 2.

    Args:
        data: The YAML file.
        file: Its path, for findings.
        counts: Activations of the model by the type of the operator that makes them, if the model is known: operators that it does not
            have are then left out, and instances compared.

    Returns:
        The plans and what is lost; bad input gives findings of severity error and no plan.
    """
    stream = read_stream(data)
    problems = [_finding(problem, file) for problem in stream.problems]
    document = stream.documents[0] if stream.documents else None
    if problems or len(stream.documents) != 1 or not isinstance(document, dict):
        return Translation(file, "", (), tuple(problems) or (_unlike(file),))
    tool = _tool(document)
    said = Settings(tool or "TensorFI", file, data, document)
    try:
        match tool:
            case "TensorFI 1":
                made = tensorfi_one.plans(said, counts)
            case "TensorFI 2":
                made = tensorfi_two.plans(said)
            case None:
                return Translation(file, "", (), (_unlike(file),))
            case _:
                assert_never(tool)
    except Untranslatable:
        made = []
    return Translation(file, tool or "", tuple(made), tuple(sorted(said.findings, key=lambda f: f.order)))


def nodes(translations: Sequence[Translation], subject: str, data: str) -> list[list[dict[str, Any]]]:
    """Return the evidence nodes of each translation, one a plan, as plain data in the order of the schema.

    Args:
        translations: What was translated; ids are unique among all of them.
        subject: Id of the model card.
        data: Id of the dataset.
    """
    taken: set[str] = set()
    return [[_node(one, plan, _id(one, taken), subject, data) for plan in one.plans] for one in translations]


def _id(one: Translation, taken: set[str]) -> str:
    stem = re.sub(r"[^A-Za-z0-9]+", "-", PurePath(one.file).stem).strip("-").upper() or "PLAN"
    free = (name for n in itertools.count(1) if (name := f"EV-FI-{stem}" + (f"-{n}" if n > 1 else "")) not in taken)
    name = next(free)
    taken.add(name)
    return name


def _node(one: Translation, plan: Plan, name: str, subject: str, data: str) -> dict[str, Any]:
    title = f"Fault injection as {PurePath(one.file).name} of {one.tool} plans it"
    return {
        "type": "evidence",
        "id": name,
        "title": f"{title}, {plan.part}" if plan.part else title,
        "generator": GENERATOR,
        "subject": subject,
        "data": data,
        "options": dict(plan.options),
        "seed": plan.seed,
    }


def command(plan: Plan, model: str, data: str) -> str:
    """Return the command that tries a plan without a case."""
    words = ["casework", "try", GENERATOR, model, "--data", data]
    for name, value in plan.options.items():
        words += ["--option", f"{name}={_text(value)}"]
    words += ["--seed", str(plan.seed)] if plan.seed else []
    return shlex.join(words)


def _text(value: Option) -> str:
    match value:
        case bool():
            return str(value).lower()
        case float():
            return f"{value:.17g}" if float(f"{value:g}") != value else f"{value:g}"
        case list():
            return (";" if all(isinstance(v, str) for v in value) else ",").join(str(v) for v in value)
        case int() | str():
            return str(value)
        case _:
            assert_never(value)


def _tool(document: Mapping[str, object]) -> Tool | None:
    """Say whose configuration it is: the two share no key."""
    one, two = _known(document, tensorfi_one.FIELDS), _known(document, tensorfi_two.FIELDS)
    if not one and not two:
        return None
    return "TensorFI 1" if one >= two else "TensorFI 2"


def _known(document: Mapping[str, object], fields: Sequence[str]) -> int:
    return sum(key in document for key in fields)


def _finding(problem: Problem, file: str) -> Finding:
    return Finding(problem.code, "error", "", (), problem.message, problem.fix, file, problem.line, problem.column)


def _unlike(file: str) -> Finding:
    return Finding(
        "IMP-003", "error", "", (), "this is no configuration of TensorFI 1 or TensorFI 2",
        f"One of TensorFI 1 has keys such as {', '.join(tensorfi_one.FIELDS[:3])}; one of TensorFI 2 {', '.join(tensorfi_two.FIELDS)}.",
        file, 1, 1,
    )  # fmt: skip
