"""The reference pages of what is signed: carriers, acts, the log, releases, the gate's statement, and the JSON of those commands."""

# ruff: noqa: E501 - the texts of pages are not wrapped
from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterable
from typing import Any, get_args

from reference_text import FIELD_HEAD, code, field_rows, first_line, table, value_sections

from casework.attest.codes import CODES
from casework.attest.dsse import MAX_SIGNATURES
from casework.attest.log.dates import MAX_TOKENS
from casework.attest.log.entries import Entry, Kind
from casework.graph import census
from casework.model.act import ACT_PREDICATE_TYPE, ActStatement
from casework.model.release import (
    MANIFEST,
    PROPERTIES,
    RELEASE_PREDICATE_TYPE,
    SEAL,
    SVR_PREDICATE_TYPE,
    VERIFIER_ID,
    ReleaseManifest,
    ReleaseStatement,
    SvrStatement,
)
from casework.model.result import PAYLOAD_TYPE
from casework.render.bundle_text import verification_data
from casework.rules import registry
from casework.workflow.evidence.stamping import Stamping
from casework.workflow.log.witnessing import Continuation
from casework.workflow.release.enclosing import SMALL_DATA
from casework.workflow.trust.facts import SCHEMA as TRUST_SCHEMA

DIGEST = "0" * 63


def trust_pages() -> dict[str, str]:
    """Return the pages by name."""
    return {
        "sealed-files.md": sealed_files(),
        "acts.md": acts(),
        "evidence-log.md": evidence_log(),
        "release.md": release(),
        "gate-statement.md": gate_statement(),
        "command-json.md": command_json(),
    }


def code_rows(group: str) -> list[tuple[str, str, str]]:
    """Return a row for each code of verification that begins so: its page, what is the case, how to mend it."""
    names = {m.RULE.code: m.RULE.name for m in registry.modules()}
    return [
        (f"[{c}](rules/{c}-{names[c]}.md)", entry.means, entry.fix) for c, entry in CODES.items() if c.startswith(group)
    ]


CODE_HEAD = ("code", "what is the case", "how to mend it")


def sealed_files() -> str:
    """Return the page of the carriers."""
    return "\n".join(
        [
            "# Sealed files",
            "",
            "What persons and machines vouch for is a statement: an in-toto Statement v1 in canonical JSON (RFC 8785). A statement is named by the SHA-256 of its "
            "own bytes (the payload), never by what carries it, so a further signature or time stamp changes no name and no entry of the log.",
            "",
            table(
                ("carrier", "file", "signed by"),
                [
                    (
                        "DSSE envelope",
                        "`<payload sha256>.dsse.json`",
                        "keys of the trust policy: from files, tokens (PKCS#11), or OpenSSH",
                    ),
                    (
                        "Sigstore bundle v0.3",
                        "`<payload sha256>.<first 8 hex digits of the bundle's sha256>.sigstore.json`",
                        "identities of the trust policy, or keys that it lists",
                    ),
                ],
            ),
            "Carriers of one payload lie side by side, and their signers add up. Both reduce to payload, signers and proven times, and what follows is the same for both.",
            "",
            table(
                ("folder", "holds", "predicate"),
                [
                    (
                        "`evidence/<EVIDENCE-ID>/`",
                        "results; `::` in an id is written `__`",
                        "[`evidence-result/v1`](evidence-result.md)",
                    ),
                    ("`evidence/acts/`", "sealed reviews and waivers", "[`act/v1`](acts.md)"),
                    (
                        "`evidence/trust/`",
                        "[trust policy](trust-policy.md) in a DSSE envelope, `root.pub`, `policies/<version>.dsse.json` (versions before), `trusted_root.json` (Sigstore), `policy.draft.json` (not in force)",
                        "none: another payload type",
                    ),
                    ("`evidence/log/`", "the [evidence log](evidence-log.md)", "none: signed notes"),
                ],
            ),
            "## DSSE envelope",
            "",
            table(
                ("field", "meaning"),
                [
                    (
                        "`payloadType`",
                        f"`{PAYLOAD_TYPE}`; of the trust policy another, so that a signature for one counts for no other",
                    ),
                    ("`payload`", "base64 of the statement"),
                    (
                        "`signatures`",
                        f"list of `{{keyid, sig}}`, at most {MAX_SIGNATURES}; `keyid` is the SHA-256 of the key's SubjectPublicKeyInfo in DER, and only a hint which key of the policy to try",
                    ),
                    (
                        "`timestamps`",
                        "RFC 3161 tokens, base64; each is over the SHA-256 of the raw bytes of one signature of this envelope. May be left out",
                    ),
                ],
            ),
            "The file is canonical JSON itself. Unknown fields, a doubled key or signature, lenient base64, and any signature that does not fit are findings, also beside good signatures. "
            "Keys are Ed25519, ECDSA P-256 or P-384; see [keys in hardware](../how-to/keys-in-hardware.md) for where they may lie.",
            "",
            "## Sigstore bundle",
            "",
            "A bundle holds the same envelope, and the certificate, the entry of the transparency log and the time stamp that prove who signed when. It is verified offline with "
            "`evidence/trust/trusted_root.json`, whose SHA-256 the trust policy pins (`sigstore.trusted_root_sha256`). No cache and no network is asked. Of the certificate, issuer and subject name are "
            "compared exactly; of a machine also the repository's numeric id, the ref and the trigger.",
            "",
            "## Time",
            "",
            "The time of a signature is proven by its own token, by the time stamp or log entry of its bundle, or by a [stamp of the log](evidence-log.md#stamps) that holds the signature; the earliest counts. "
            "The days of a key are judged at that time. Where nothing proves it, the start that the record states is taken, and a key that has since been revoked or run out counts no more.",
            "",
            table(CODE_HEAD, [*code_rows("SIG"), *code_rows("TIM")]),
        ]
    )


def acts() -> str:
    """Return the page of sealed acts."""
    example = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "WV-1", "digest": {"sha256": DIGEST + "1"}}],
        "predicateType": ACT_PREDICATE_TYPE,
        "predicate": {
            "kind": "waiver", "node": "WV-1", "fingerprint": DIGEST + "1", "by": "cleo", "role": "safety_manager",
            "signed": "2026-01-01T00:00:00Z",
        },
    }  # fmt: skip
    ActStatement.model_validate_json(json.dumps(example))
    return "\n".join(
        [
            f"# Sealed acts: `{ACT_PREDICATE_TYPE}`",
            "",
            "A review or a waiver is a node, text in git. Sealed, it is also signed by the person in whose name it speaks. `casework sign ID` seals it into "
            "`evidence/acts/<payload sha256>.dsse.json`. The seal holds for the node at one fingerprint: a node that is changed afterwards is no longer sealed.",
            "",
            "Where the trust policy lists a kind under `acts`, an act of that kind counts only when sealed; machines never count. A review that confirms the removal of nodes (`retires`) counts against the "
            "log and the base only when sealed. A new or changed waiver counts in a change that is judged by its base only when sealed.",
            "",
            "The JSON Schema of the statement is `schemas/act.schema.json`. The third kind of act that a policy may list, `release`, is the seal of a [release](release.md).",
            "",
            "```json",
            json.dumps(example, indent=2),
            "```",
            "",
            "## Statement",
            "",
            table(FIELD_HEAD, field_rows(ActStatement)),
            *value_sections([ActStatement]),
            "## Codes",
            "",
            table(CODE_HEAD, code_rows("ACT")),
        ]
    )


def evidence_log() -> str:
    """Return the page of the evidence log."""
    digest = DIGEST + "1"
    samples = (
        (Entry("record", digest, "EV-1"), "a sealed record by its payload, and the key of its evidence; of a sealed act, `acts`"),
        *(
            [(Entry("signature", digest, digest), "a signature of a sealed record or act by the SHA-256 of its bytes, and the payload that it signs")]
            if "signature" in get_args(Kind)
            else []
        ),
        (Entry("node", "", "HZ-1", "hazardous_event"), "a node of the census"),
        (Entry("policy", digest, "", "", 2), "a version of the trust policy, by its payload"),
        (Entry("retired", digest, "HZ-1"), "a node's removal, and the payload of the sealed review that confirms it"),
        (Entry("release", digest), "a sealed release, by its payload"),
    )
    lines = "\n".join(entry.line.replace(digest, "<sha256>") for entry, _meaning in samples)
    watched = ", ".join(code(name) for name in census._TYPES)
    return "\n".join(
        [
            "# Evidence log",
            "",
            "The log makes a removal visible. It is append-only, lies in `evidence/log/`, and is enforced where the trust policy has `log`. `casework log` keeps and judges it.",
            "",
            "## Entries",
            "",
            "`evidence/log/entries`: one entry a line, ASCII, ended by LF, none twice, of " + f"{len(samples)} kinds and nothing else:",
            "",
            "```text diagram",
            lines,
            "```",
            "",
            table(("kind", "what it holds"), [(code(entry.kind), meaning) for entry, meaning in samples]),
            f"The census watches the nodes that nothing within one revision would miss: {watched}, goals and solutions that challenge another element, and top goals (of the type `top_goal`, for as long as they are one).",
            "",
            "The lines are the leaves of a Merkle tree by RFC 6962, section 2.1 (the line without its LF; SHA-256, leaf prefix 00, node prefix 01).",
            "",
            "## Checkpoint",
            "",
            "`evidence/log/checkpoint` is a signed note as [C2SP tlog-checkpoint](https://c2sp.org/tlog-checkpoint) defines it:",
            "",
            "```text diagram",
            "example.org/night-lights          origin, as the trust policy names it",
            "42                                number of entries",
            "<base64 of the root>",
            "                                  (an empty line)",
            "— example.org/night-lights <base64>   signature of the log's key, Ed25519",
            "— w.lindqvist <base64>                cosignature of a witness, with its time",
            "```",
            "",
            "Witnesses sign as [C2SP tlog-cosignature](https://c2sp.org/tlog-cosignature) says; the policy may demand a number of them (`witness_threshold`). Signatures by keys that the policy does not list are ignored. "
            "Each update makes a new checkpoint, which witnesses have to cosign anew.",
            "",
            "## Stamps",
            "",
            f'`evidence/log/stamps/<size>.json` is canonical JSON `{{"checkpoint": TEXT, "tokens": [BASE64, ...]}}`: the signed note of that size, and at most {MAX_TOKENS} RFC 3161 tokens. The first is over the '
            "bytes of the note; each renewal is over the note and all tokens before it, as RFC 4998 does. One stamp dates every entry up to its size: a signature that stands in the log was there by then. That the log holds a payload dates no signature, which can be added at any time. A stamp whose authority ends within 90 days is "
            "[TIM-006](rules/TIM-006-renewal-due.md), a warning.",
            "",
            "## What is compared",
            "",
            "The log with its checkpoint; the log with every checkpoint from outside (`--checkpoint`, `--base`, a release); and the case with the log, in both directions: what is there must be logged, and what is logged must be there. "
            "The highest policy version in the log is a floor ([POL-001](rules/POL-001-policy-rollback.md)).",
            "",
            table(CODE_HEAD, code_rows("LOG")),
            "`LOG-006` is an error for a sealed record that is not logged, and a warning for a watched node, and for a record that is new in a change judged by `--base`: whoever proposes a change does not hold the key of the log. "
            "Nothing with a `LOG-006` is a release.",
            "",
            "A checkpoint seen earlier counts by its origin, size and root, whoever signed it: who hands it over vouches for it.",
            "",
            "## Interrupted updates",
            "",
            "`casework log update` replaces the file of entries, then the checkpoint, each whole or not at all. Interrupted between the two, entries stand after those that the checkpoint states: "
            "[LOG-003](rules/LOG-003-log-edited.md) says so, nothing is lost, and the next update signs them if the case still holds what they speak of. Nothing is ever signed over a log that does not hold.",
            "",
            "## Branches",
            "",
            "Two branches that both appended end in a conflict of both files. Take either side, then `casework log update --base REV`: it continues the log of REV, appends what the tree's own log had beyond "
            "it if that log holds, and what the case holds. Checkpoints of the other branch are not continued, so give out (stamp, cosign, hand over) only those of the main branch.",
            "",
            "## Key change",
            "",
            "A new policy version names the new key (`casework trust set-log`); `casework log update --key NEW --previous-key OLD.pub` signs the log anew under it.",
        ]
    )


def release() -> str:
    """Return the page of release bundles."""
    layout = (
        (
            f"`{SEAL}`",
            f"the seal: a DSSE envelope over a statement `{RELEASE_PREDICATE_TYPE}` whose subject is `{MANIFEST}`",
        ),
        (f"`{MANIFEST}`", "size and SHA-256 of every other file; so the seal covers everything"),
        ("`VERIFY.md`", "what this is and how it is verified, for people"),
        (
            "`case/`",
            "every file that had a say when the commit was judged: nodes, evidence, trust policy and its chain, trust roots, log, models, manifests, sources that the case names",
        ),
        (
            "`documents/`",
            "report, pictures of the argument, gaps and findings, as written on the day; bound by digest, never written anew by a verifier",
        ),
        ("`verifier/`", "versions of Casework, Python and all packages that judged; `requirements.txt`"),
    )
    return "\n".join(
        [
            f"# Release: `{RELEASE_PREDICATE_TYPE}`",
            "",
            "`casework bundle` seals a commit that passes and that nothing forbids to release into one ZIP archive; `casework verify` judges it anywhere, offline. The archive is a function of the commit, the day, the time of sealing and the versions: "
            "the same in gives the same bytes but for signatures.",
            "",
            table(("in the archive", "what it is"), layout),
            f"Data files go along where all of them together have at most {SMALL_DATA >> 20} MiB, or with `--with-data`; otherwise `outside` of the manifest lists them with size and digest.",
            "",
            "The archive is read by a reader of its own: plain ZIP members, stored or deflated, every byte accounted for, no links, twins, absolute paths, encryption or bombs ([ART-014](rules/ART-014-unsafe-archive.md)). Nothing is unpacked to disk.",
            "",
            "Who must sign is what the trust policy says under `acts.release`; without it, one person whom it lists. Machines never count. The moment of sealing is when the last person that it demands had signed, and is proven where each of those signatures has a time stamp. "
            "Keys, policy and evidence are judged as of that moment, however late somebody reads.",
            "",
            "JSON Schemas: `schemas/release.schema.json` (statement), `schemas/release-manifest.schema.json`.",
            "",
            "## Statement",
            "",
            table(FIELD_HEAD, field_rows(ReleaseStatement)),
            *value_sections([ReleaseStatement]),
            "## Manifest",
            "",
            f"{first_line(ReleaseManifest)}. Canonical JSON.",
            "",
            table(FIELD_HEAD, field_rows(ReleaseManifest)),
            *value_sections([ReleaseManifest], "###"),
            "## What verifying compares",
            "",
            "In this order; each is told as `good`, `bad` or `open` (could not be checked):",
            "",
            "1. the archive is safe, and holds the files that the seal covers, all of them and no other;",
            "2. the root key inside is the one given by `--root-key` or `--root-sha256`; the policy chain holds from it, and is no lower than `--policy-floor`;",
            "3. the seal is signed as that policy demands, and when;",
            "4. the case, judged anew as of then, gives the decision, the number of waivers, the policy and the state of the log that the seal names;",
            "5. with `--checkpoint`, the log continues it; with `--policy`, no signature rests on a key that a newer policy calls compromised or had revoked before.",
            "",
            "Always `open`: that the files are those of the commit (git is not there), the documents, later releases; and, where not given, later revocations and an earlier log.",
            "",
            "The exit code is 0 for a release that holds, 1 for anything else, 2 for a wrong call.",
        ]
    )


def gate_statement() -> str:
    """Return the page of the Simple Verification Result."""
    return "\n".join(
        [
            f"# Statement of the gate: `{SVR_PREDICATE_TYPE}`",
            "",
            "`casework check --attest FILE --key KEY` writes a pass as an in-toto statement with the predicate Simple Verification Result v0.2, in a DSSE envelope. Of a blocked case nothing is written. Its subjects are the commit "
            "(`gitCommit`; the files must not differ from it), each model file and each dataset manifest. The verifier is "
            f"`{VERIFIER_ID}`, the policy is the payload of the trust policy by SHA-256.",
            "",
            "## Properties",
            "",
            table(("property", "what it says"), [(code(name), text) for name, text in PROPERTIES.items()]),
            "A property that is not listed is not said. The statement says what was the case when it was made; it does not bind evidence that comes later. JSON Schema: `schemas/svr.schema.json`.",
            "",
            "## Statement",
            "",
            table(FIELD_HEAD, field_rows(SvrStatement)),
            *value_sections([SvrStatement]),
        ]
    )


def attribute_rows(cls: type) -> list[tuple[str, str]]:
    """Return a row for each attribute that a docstring describes."""
    text = (inspect.getdoc(cls) or "").partition("Attributes:\n")[2]
    found = re.findall(r"^ {4}(\w+): (.+(?:\n {8}.+)*)", text, re.MULTILINE)
    return [(code(name), " ".join(meaning.split())) for name, meaning in found]


def command_json() -> str:
    """Return the page of the JSON outputs of the commands of trust."""
    verify = verification_data(_empty_verification())
    head = ("key", "value")
    return "\n".join(
        [
            "# JSON of the commands of trust",
            "",
            "With `--format json`. `check` has [a page of its own](check-json.md). Times are UTC, RFC 3339; days `YYYY-MM-DD`; a key that does not apply is null or left out as said. New keys may be added; a key never changes its meaning.",
            "",
            f"## trust show, trust verify: `{TRUST_SCHEMA}`",
            "",
            table(head, TRUST_JSON),
            "## sign, sign --list",
            "",
            "A list; an object for each node named, or that lacks a signature:",
            "",
            table(head, SIGN_JSON),
            "## stamp, stamp --list",
            "",
            "A list; an object a file:",
            "",
            table(head, attribute_rows(Stamping)),
            "## log verify",
            "",
            table(head, LOG_VERIFY_JSON),
            "## log update",
            "",
            table(head, LOG_UPDATE_JSON),
            "## log consistency",
            "",
            table(head, attribute_rows(Continuation)),
            "## log show",
            "",
            "A list in the order of the log: `index` (of the entry, from 0), `kind`, then of `digest`, `key`, `type`, `version` those that the kind has, and `proven_by`: the time by which a stamp proves the entry, or null.",
            "",
            "## log stamp, log cosign",
            "",
            "`log stamp` gives a list of `{path, size, tokens, act}`, `tokens` being their number now; `log cosign` gives `{path, witness, size, at}`.",
            "",
            f"## verify: `{verify['schema']}`",
            "",
            table(head, described(verify, VERIFY_JSON)),
        ]
    )


def described(value: dict[str, Any], texts: dict[str, str]) -> Iterable[tuple[str, str]]:
    """Return a row for each key of an object. Raises KeyError where one is not described, or is not there."""
    if texts.keys() != value.keys():
        raise KeyError(sorted(texts.keys() ^ value.keys()))
    return [(code(key), texts[key]) for key in value]


def _empty_verification() -> Any:
    from casework.model.verification import Verification

    return Verification("refused", "", False, None, (), (), ())


VERIFY_JSON = {
    "schema": "`casework/verify/v1`",
    "result": "`verified` or `refused`",
    "as_of": "moment as of which it was judged; null where it came to none",
    "time_proven": "true where time stamps prove that moment",
    "release": "the [predicate](release.md#releaserecord) of the seal; null where it could not be read",
    "signers": "list of `{key, person, roles, proven_at}`; `proven_at` is null where nothing proves it",
    "checks": "list of `{what, outcome, said}`; `outcome` is `good`, `bad` or `open` (could not be checked)",
    "findings": "list of `{code, severity, node, file, message, fix}`",
}
TRUST_JSON = (
    ("`schema`", f"`{TRUST_SCHEMA}`"),
    ("`state`", "`in force`, `draft` or `refused`"),
    ("`name`, `version`, `demo`", "as in the [policy](trust-policy.md)"),
    ("`digest`", "SHA-256 of its payload, of a draft as it would be"),
    ("`expires`, `days_left`", "last day, and days to it; negative after it"),
    ("`root`", "`threshold`, `keys` (names), `file_sha256`: SHA-256 of `root.pub`, to be pinned"),
    ("`persons`", "list of `{id, name, machine, roles}`"),
    (
        "`keys`",
        "list of `{name, person, roles, root, keyid, algorithm, valid_from, valid_to, revoked_at, compromised, state}`; `state` is `valid`, `not yet valid`, `expired`, `revoked` or `compromised`",
    ),
    (
        "`identities`",
        "list of the same with `issuer`, `identity`, `source_repository_id`, `source_repository_ref`, `build_trigger` instead of key id and algorithm",
    ),
    ("`evidence_types`, `acts`", "list of rules: `kind`, `require`, and the fields of the rule that are set"),
    ("`time_stamp_authorities`", "list of `{name, certificates, keyid}`; `certificates` is their number"),
    ("`log`", "`{origin, keyid, witnesses, witness_threshold}`, or null"),
    ("`trusted_root_sha256`", "pinned Sigstore trusted root, or null"),
    (
        "`versions`",
        "the chain that was walked: list of `{version, digest, expires, signed_by, by_pinned_root}`; empty for a draft",
    ),
    ("`signatures`", "of a draft: list of `{root, needed, signed, open}`, for the root in force and for its own"),
    ("`findings`", "list of `{code, severity, message, fix}`"),
)
SIGN_JSON = (
    ("`kind`", "`evidence`, `review` or `waiver`"),
    ("`node`", "its key"),
    ("`path`", "sealed file; empty where there is none yet"),
    ("`says`", "what the signer is shown: list of `[label, text]`"),
    ("`signed_by`", "list of `{key, person, roles}` of the signatures that are there"),
    ("`lacking`", "list of what the policy still demands, in words"),
    ("`problem`", "why it cannot be signed; empty where it can"),
    ("`signed_now`", "after signing: list of the persons who signed now"),
)
LOG_VERIFY_JSON = (
    ("`origin`", "name of the log"),
    ("`size`, `root`", "entries in the file, and the root over all of them, hexadecimal"),
    ("`signers`", "list of `{name, kind, at}`; `kind` is `log` or `witness`, `at` the time that a witness states"),
    ("`stamps`", "list of `{size, at}`: sizes of the log and the times by which stamps prove them"),
    ("`policy_floor`", "highest version of the trust policy that is logged; 0 for none"),
    ("`findings`", "list of `{code, severity, node, message, fix, file, line}`"),
)
LOG_UPDATE_JSON = (
    ("`size`", "entries after the update"),
    ("`added`", "lines appended"),
    ("`unfit`", "files that are not logged, because no known key vouches for them or they cannot be read"),
    ("`dropped`", "with `--base`: lines of the branch's own log that were left out, because that log does not hold"),
    ("`written`", "false with `--dry-run`"),
)
