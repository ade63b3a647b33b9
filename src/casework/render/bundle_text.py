"""The words of a release bundle: instructions inside it, and what verifying it found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from casework.model.finding import Finding
from casework.model.release import ReleaseRecord
from casework.model.verification import Verification
from casework.render.plain_json import json_text

DRAFT_LINE = "DRAFT: THIS IS NO RELEASE. It was sealed for reading only; nothing may rest on it."
_FIRST = 12


def instructions(record: ReleaseRecord, *, root_key: str, policy: str, outside: int) -> str:
    """Return `VERIFY.md`: what the bundle is, and how somebody with no network and no git verifies it.

    Args:
        record: What the seal says.
        root_key: Path of the root's public keys in the case.
        policy: Path of the trust policy in the case.
        outside: Number of data files that the bundle leaves out.
    """
    version = f", version {_plain(record.case.version)}" if record.case.version else ""
    lines = [f"# Release bundle of: {_plain(record.case.name)}{version}", ""]
    if record.draft:
        grounds = "; ".join(_plain(g) for g in record.grounds) or "the gate blocked the case"
        lines += [f"**{DRAFT_LINE}**", "", f"Why it is none: {grounds}.", ""]
    lines += [
        "This archive holds a safety case and all that is needed to judge it again, on another machine, without a network,",
        "without git, years later. It was sealed by persons with their own keys; `seal.dsse.json` holds their signatures.",
        "",
        f"- commit that was sealed: `{record.commit}`",
        f"- decision of the gate, judged as of {record.judged}: **{record.decision}**"
        + (", and it is a release" if record.release and not record.draft else ", and it is no release"),
        f"- time of sealing as its maker states it: {record.sealed}",
        f"- verifier: Casework {record.verifier.get('casework', '?')} on Python {record.verifier.get('python', '?')}",
        "",
        "## How to verify it",
        "",
        "1. Get the public root key of the organisation that sealed it, or its SHA-256, from somebody you trust, on another way than",
        "   this bundle came to you: in person, from a printed report, from the contract. The key inside this bundle proves nothing by",
        f"   itself: whoever forges a bundle puts a key of their own into it. It lies in `case/{_plain(root_key)}`.",
        "2. Install Casework. The version that judged it, and all that it rests on, stand in `verifier/requirements.txt`; later versions",
        "   read the bundle too and say where they judge otherwise.",
        "3. Run one of",
        "",
        "       casework verify BUNDLE.zip --root-key root.pub",
        "       casework verify BUNDLE.zip --root-sha256 DIGEST-OF-ROOT.PUB",
        "",
        "   If you have a checkpoint of the evidence log from earlier, add `--checkpoint FILE`: then removed or rewritten history shows.",
        "4. Only exit code 0 is a yes. The command says what it checked, what it could not check, and as of which moment it judged.",
        "",
        "Validity and expiry of keys, policy and evidence are judged at the proven time of sealing: at the time stamps over the",
        "signatures, by an authority that the trust policy names. So a bundle stays good although keys expire. Whether a key was",
        "found to be stolen after the sealing, the bundle cannot know: ask its maker for the trust policy of today, and add",
        "`--policy FILE`.",
        "",
        "## What lies where",
        "",
        "- `case/`: every file of the case that had a say: argument, requirements, evidence, trust policy and its earlier versions,",
        "  trust roots, log, models and their signatures, data manifests" + (", data." if not outside else "."),
        "- `documents/`: the report, the pictures of the argument, coverage gaps and findings, as written on the day of sealing. They",
        "  are bound to the seal by their digests, but a verifier does not write them anew: where they and the case differ, the case",
        "  holds.",
        "- `verifier/`: versions of the software that judged.",
        "- `manifest.json`: size and SHA-256 of every file; the seal covers it, and so everything.",
        "- `seal.dsse.json`: the seal, an in-toto statement `https://casework.dev/release/v1` in a DSSE envelope.",
    ]
    if outside:
        lines += [
            "",
            f"{outside} data files are left out. `manifest.json` lists them under `outside` with their digests: the sealers vouch that",
            "they had these bytes. Get them from the maker and compare, if you need to see them.",
        ]
    lines += [
        "",
        "## By hand",
        "",
        "Without Casework: each signature in `seal.dsse.json` is over the text `DSSEv1 <length of payloadType> <payloadType> <length of",
        f"payload> <payload>` (DSSE v1, the payload base64-decoded), by a key of `case/{_plain(policy)}`, which is signed",
        "in the same way by the root key. The payload's subject is the SHA-256 of `manifest.json`.",
        "",
    ]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Return a text of the case without what Markdown, HTML or a terminal would obey."""
    kept = "".join(c if c.isprintable() else " " for c in text)
    for mark in "\\`*_{}[]<>()#|!&~":
        kept = kept.replace(mark, f"&#{ord(mark)};" if mark in "<>&" else f"\\{mark}")
    return kept


_MARK = {"good": "ok  ", "bad": "BAD ", "open": "open"}


def verification_text(found: Verification, *, name: str) -> str:
    """Return what verifying a bundle found, in plain words."""
    undated = "" if found.proven else ", but the time of sealing is not proven"
    lines = [f"VERIFIED{undated}: {name}" if found.word == "verified" else f"REFUSED: {name}"]
    record = found.record
    if record is not None:
        version = f" {record.case.version}" if record.case.version else ""
        lines.append(f"  {record.case.name}{version}, commit {record.commit[:12]}, sealed as {_sealed_as(record)}")
        if record.draft:
            lines.append(f"  {DRAFT_LINE}")
    if found.as_of:
        how = "proven by time stamps" if found.proven else "as the seal states; nothing proves it"
        lines.append(f"  judged as of {found.as_of} ({how})")
    if found.signers:
        lines += ["", "signed by"]
        for key, person, roles, at in found.signers:
            lines.append(
                f"  {person} ({roles or 'no role'}) with key {key}, {f'proven {at}' if at else 'time not proven'}"
            )
    for title, outcomes in (("checked", ("good", "bad")), ("could not be checked", ("open",))):
        some = [check for check in found.checks if check.outcome in outcomes]
        if some:
            lines += ["", title]
            lines += [f"  {_MARK[check.outcome]}  {check.what}: {check.said}" for check in some]
    if found.findings:
        lines += ["", "findings", *_findings(found.findings)]
    return "\n".join(lines) + "\n"


def _sealed_as(record: ReleaseRecord) -> str:
    if record.draft or not record.release:
        return f"{record.decision}, no release"
    return "a release" + (f" with {record.waivers} waived findings" if record.waivers else "")


def _findings(findings: tuple[Finding, ...]) -> Iterable[str]:
    for finding in findings[:_FIRST]:
        where = f" ({finding.node or finding.file})" if finding.node or finding.file else ""
        yield f"  {finding.severity} {finding.code}{where}: {finding.message}"
        yield f"      {finding.fix}"
    if len(findings) > _FIRST:
        yield f"  and {len(findings) - _FIRST} more; --format json lists all"


def verification_data(found: Verification) -> dict[str, Any]:
    """Return what verifying a bundle found as plain data, schema `casework/verify/v1`."""
    record = found.record.model_dump(mode="json", by_alias=True) if found.record else None
    return {
        "schema": "casework/verify/v1",
        "result": found.word,
        "as_of": found.as_of or None,
        "time_proven": found.proven,
        "release": record,
        "signers": [
            {"key": key, "person": person, "roles": roles.split(", ") if roles else [], "proven_at": at or None}
            for key, person, roles, at in found.signers
        ],
        "checks": [{"what": c.what, "outcome": c.outcome, "said": c.said} for c in found.checks],
        "findings": [
            {"code": f.code, "severity": f.severity, "node": f.node, "file": f.file, "message": f.message, "fix": f.fix}
            for f in found.findings
        ],
    }


def verification_json(found: Verification) -> str:
    """Return the same as JSON text."""
    return json_text(verification_data(found))
