"""Running a generator without a case, and showing its record to people."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from casework.generators.options import OptionProblem, describe_options
from casework.generators.protocol import GeneratorProblem, Progress, load
from casework.model.acceptance import number
from casework.model.catalogue import GENERATORS
from casework.model.problem import CallProblem
from casework.model.result import Metric, ResultRecord, Table
from casework.workflow.evidence.injection_text import aligned, injection_text

_ROWS_SHOWN = 10


def list_options(generator: str) -> str:
    """Return a generator's options, a line each. Raises CallProblem for an unknown generator."""
    from casework.generators.resolve import try_options

    try:
        found = try_options(generator)
    except GeneratorProblem as problem:
        raise CallProblem(f"{problem.message.rstrip('.')}. {problem.fix}") from None
    return f"{generator}: {GENERATORS[generator].summary}\noptions (--option KEY=VALUE):\n{describe_options(found)}\n"


def try_generator(
    generator: str, model: str | None, data: str | None, options: Sequence[str], *, seed: int, workers: int, started: str,
    progress: Progress, cluster: str | None = None, checkpoints: Path | None = None, keep: Path | None = None,
) -> ResultRecord:  # fmt: skip
    """Run a generator on files. Raises CallProblem where the call cannot be understood."""
    from casework.generators.resolve import resolve

    words = ["casework", "try", generator, *([model] if model else []), *(["--data", data] if data else [])]
    for option in options:
        words += ["--option", option]
    words += ["--seed", str(seed)] if seed else []
    try:
        request = resolve(
            generator, model, data, options, seed=seed, workers=workers, started=started, command=shlex.join(words)
        )
        asked = replace(request, cluster=cluster, checkpoints=checkpoints, keep=keep)
        return load(generator).run(asked, progress)
    except (GeneratorProblem, OptionProblem) as problem:
        raise CallProblem(f"{problem.message.rstrip('.')}. {problem.fix}") from None


def record_text(record: ResultRecord) -> str:
    """Return a record as text for a terminal."""
    lines = [
        f"{record.generator.name} (version {record.generator.version}): {record.status}"
        + (f": {record.reason}" if record.reason else "")
    ]
    if record.generator.name == "fault-injection":
        defaults = {spec.name: spec.default for spec in load(record.generator.name).options}
        lines += injection_text(record, defaults) if record.status == "complete" else []
    else:
        lines += _plain_lines(record)
    lines += ["", f"{record.duration_s:.1f} s; again: {record.command}"]
    return "\n".join(lines) + "\n"


def _plain_lines(record: ResultRecord) -> list[str]:
    lines = [
        f"  {role:<15} {sha[:16]}…  {record.files.get(role, '')}".rstrip()
        for role, sha in sorted(record.digests.items())
    ]
    if record.options:
        lines.append("  options         " + ", ".join(f"{k}={v}" for k, v in sorted(record.options.items())))
    if record.metrics:
        lines += ["", *_metric_lines(record.metrics)]
    for table in record.tables:
        lines += ["", *_table_lines(table)]
    lines += (
        ["", *(f"self-check {c.name}: {c.outcome}: {c.detail}" for c in record.self_checks)]
        if record.self_checks
        else []
    )
    return lines + [f"limit: {text}" for text in record.limitations]


def _metric_lines(metrics: Sequence[Metric]) -> list[str]:
    rows = [("metric", "slice", "value", "unit", "k / n", "interval")]
    for m in metrics:
        count = f"{m.k} / {m.n}" if m.k is not None else f"{m.n}" if m.n is not None else ""
        interval = (
            f"[{number(m.ci_low)}, {number(m.ci_high)}] {m.method}"
            if m.ci_low is not None and m.ci_high is not None
            else m.method
        )
        rows.append((m.name, m.slice, number(m.value), m.unit, count, interval))
    return aligned(rows)


def _table_lines(table: Table) -> list[str]:
    rows = [table.columns, *(tuple("" if c is None else str(c) for c in row) for row in table.rows[:_ROWS_SHOWN])]
    more = len(table.rows) - _ROWS_SHOWN
    return [table.name, *aligned(rows), *([f"  … {more} more rows: --format json shows them all"] if more > 0 else [])]
