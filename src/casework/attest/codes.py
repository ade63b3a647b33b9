"""Every code that this room emits, in one place: the registry and the reference pages are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from casework.model.finding import Finding, Severity


@dataclass(frozen=True, slots=True)
class Code:
    """What a code means.

    Attributes:
        name: The offence, in words joined by dashes.
        severity: `error` blocks, `warning` does not.
        means: What is the case where it is reported.
        why: What goes wrong if it is let pass.
        fix: The act that mends it.
    """

    name: str
    severity: Severity
    means: str
    why: str
    fix: str


CODES: Final[dict[str, Code]] = {
    # Parsing: evidence files and the trust policy
    "PRS-000": Code(
        "not-one-document", "error",
        "The file, or the payload inside it, is not exactly one JSON document.",
        "What stands behind the first document may be what another reader acts on.",
        "Seal the record anew with `casework run`; do not edit or join sealed files.",
    ),
    "PRS-001": Code(
        "doubled-key", "error",
        "A key stands twice in one JSON object.",
        "Readers differ on which of the two counts, so one signature covers two meanings.",
        "Seal the record anew from a source that writes each key once.",
    ),
    "PRS-002": Code(
        "ambiguous-number", "error",
        "A number is NaN, infinite, or an integer beyond 2^53 - 1.",
        "Readers do not hold such a number alike, so the bound is judged on different values.",
        "Report the figure as a finite number, or leave the metric out and say why in `reason`.",
    ),
    "PRS-003": Code(
        "too-big-or-deep", "error",
        "The file is larger, or nested deeper, than any record needs.",
        "Such a file exhausts the memory or the stack of whoever checks it.",
        "Put large artefacts into files of their own and bind them by digest.",
    ),
    "PRS-005": Code(
        "unseen-characters", "error",
        "A text holds zero-width, control or direction-changing characters.",
        "What a reviewer sees is then not what the program reads.",
        "Write the text without these characters and seal the record anew.",
    ),
    "PRS-006": Code(
        "wrong-encoding", "error",
        "The bytes are not UTF-8 without a byte order mark.",
        "Readers guess other encodings differently.",
        "Store the file exactly as it was sealed; keep `evidence/** -text` in .gitattributes.",
    ),
    "PRS-007": Code(
        "wrong-shape", "error",
        "A field is missing, is not part of the schema, or has the wrong type.",
        "A field that the schema does not know is a field that nobody checks.",
        "Seal the record anew with a generator that keeps to the schema.",
    ),
    "PRS-008": Code(
        "not-canonical", "error",
        "The bytes are not the canonical form (RFC 8785) of what they say.",
        "One statement must have one form and one digest; anything else leaves room to hide.",
        "Seal the record anew with `casework run`, which writes the canonical form.",
    ),
    # Signatures
    "SIG-001": Code(
        "unsigned-evidence", "error",
        "The file carries no signature.",
        "Anybody could have written it.",
        "Run the evidence with a signing key: `casework run --key`.",
    ),
    "SIG-002": Code(
        "bad-base64", "error",
        "The payload or a signature is not canonical standard base64.",
        "Lenient decoders skip what they do not know, so the same file reads differently elsewhere.",
        "Restore the file from version control, or seal the record anew.",
    ),
    "SIG-003": Code(
        "broken-signature", "error",
        "A signature does not fit the payload under the key that it names.",
        "The content was changed after it was signed, or somebody signed in another's name.",
        "Restore the file from version control; if it was never right, run the evidence again.",
    ),
    "SIG-004": Code(
        "unknown-key", "error",
        "The file is signed with, or brings along, a key that the trust policy does not list.",
        "Nobody answers for that key; a key inside the evidence vouches only for itself.",
        "Sign with a key of the trust policy, or have the root add the key in a new policy version.",
    ),
    "SIG-005": Code(
        "role-may-not-sign", "error",
        "None of the signers holds a role that this kind of evidence needs, or the policy knows no such evidence.",
        "A developer's or a machine's signature would stand in for that of verification.",
        "Have it signed in the roles that the policy's `evidence_types` requires.",
    ),
    "SIG-006": Code(
        "too-few-signers", "error",
        "Fewer persons have signed in a required role than the policy demands; doubled signatures count once.",
        "Several keys or signatures of one person are still one person's word.",
        "The missing persons countersign: `casework sign ID --key KEY`; a release: `casework bundle --countersign`.",
    ),
    "SIG-007": Code(
        "revoked-key", "error",
        "A signature was made with a key that was revoked at the time, or that is compromised.",
        "Whoever holds the key now is not who the policy meant.",
        "Run or sign the evidence again with a valid key.",
    ),
    "SIG-008": Code(
        "key-out-of-date", "error",
        "A signature was made before its key was valid, or after it had expired.",
        "Outside its days nobody answers for the key.",
        "Sign with a key that is valid, or have the root renew the key in a new policy version.",
    ),
    "SIG-009": Code(
        "wrong-payload-type", "error",
        "The envelope declares another payload type than the one expected here.",
        "A signature given for one purpose must not count for another.",
        "Put a sealed evidence record here, not another signed document.",
    ),
    "SIG-010": Code(
        "weak-key", "error",
        "A key is of a kind or strength that is not accepted.",
        "Signatures of such a key can be forged, or cannot be judged.",
        "Use Ed25519, ECDSA P-256 or ECDSA P-384.",
    ),
    "SIG-011": Code(
        "foreign-trusted-root", "error",
        "The Sigstore trusted root is missing, unreadable, or not the one that the trust policy pins by its digest.",
        "Whoever chooses the root chooses whose certificates count.",
        "Restore `trusted_root.json`, or have the root sign a policy that pins the new one.",
    ),
    "SIG-012": Code(
        "foreign-repository", "error",
        "The certificate was issued to a workflow of another repository, or does not name its repository.",
        "A reusable workflow that a fork calls has the same name in the certificate as when the project calls it.",
        "Sign in a run of the project's own repository, or have the root list that repository's id.",
    ),
    "SIG-013": Code(
        "wrong-run", "error",
        "The certificate was issued to a run for another ref, or started by another event, than the trust policy names.",
        "A run for a pull request executes what its author wrote before anybody has reviewed it.",
        "Sign in a run of the protected branch.",
    ),
    "SIG-014": Code(
        "broken-bundle", "error",
        "A Sigstore bundle does not verify: its certificate, log entry, time stamp or signature does not hold.",
        "What cannot be verified may be anything.",
        "Restore the file from version control, or sign the evidence anew.",
    ),
    "SIG-015": Code(
        "unknown-identity", "error",
        "The certificate's identity or issuer is none that the trust policy lists.",
        "Another issuer can vouch for the same name, and anybody can get a certificate of their own.",
        "Sign under an identity of the trust policy, or have the root add it in a new policy version.",
    ),
    # Time, binding, replay, independence, results
    "TIM-001": Code(
        "time-not-proven", "error",
        "The trust policy wants proof of the time of signing, and there is neither a time stamp nor a stamped log entry.",
        "The record's own word for its time can be written at any time.",
        "Time-stamp the record: `casework stamp`; or stamp the log that holds it.",
    ),
    "TIM-002": Code(
        "broken-stamp", "error",
        "A time stamp covers no signature of the file, is broken, or is by an authority that the trust policy does not pin.",
        "A stamp taken from elsewhere dates something else.",
        "Remove it and time-stamp the record anew: `casework stamp`.",
    ),
    "TIM-003": Code(
        "run-in-the-future", "error",
        "The record says that it was made later than now.",
        "A post-dated record would outlive its age limit and supersede honest ones.",
        "Set the clock of the machine that runs the evidence, and run it again.",
    ),
    "TIM-004": Code(
        "back-dated", "error",
        "The proven time of a signature contradicts the stated one: before the run, or outside the key's days while that is inside.",
        "Whoever holds an expired or revoked key could write any earlier date into a record.",
        "Run the evidence again and sign it with a key that is valid now.",
    ),
    "TIM-005": Code(
        "signed-too-late", "error",
        "A required signature is proven to have been made longer after the run than the trust policy allows.",
        "Weeks later nobody remembers what was looked at, and results can be collected until one pleases.",
        "Run the evidence again and sign it in time.",
    ),
    "TIM-006": Code(
        "renewal-due", "warning",
        "The certificate of the authority behind the last time stamp of the log ends soon, or has ended.",
        "Once the authority has ended, its key may be sold, lost or broken, and then nobody can tell its stamps from forged ones.",
        "Stamp the log anew, on top of the stamps it has: `casework log stamp`.",
    ),
    "BND-000": Code(
        "wrong-predicate", "error",
        "The signed statement is no evidence result of the kind expected here.",
        "A genuine signature over something else proves nothing about this evidence.",
        "Put a sealed `evidence-result/v1` statement here.",
    ),
    "BND-006": Code(
        "wrong-generator", "error",
        "The record was made by another generator than the evidence node plans.",
        "A weaker kind of evidence would stand in for the one that was argued.",
        "Run the planned generator, or change the plan and have it reviewed.",
    ),
    "BND-007": Code(
        "wrong-subject", "error",
        "The statement does not name exactly one subject by its SHA-256.",
        "With several subjects, or a weak digest, one result would speak for artefacts that were never examined.",
        "Run the evidence once for each subject.",
    ),
    "RPL-001": Code(
        "replayed-evidence", "error",
        "The record was sealed for another evidence node than the one whose folder it lies in.",
        "A good result could be copied to wherever one is missing.",
        "Run this evidence; remove the copied file.",
    ),
    "IND-002": Code(
        "one-person-two-roles", "error",
        "One person would have to count in two of the required roles.",
        "Two roles are asked for so that two persons look.",
        "Have a second person sign in one of the roles.",
    ),
    "RES-002": Code(
        "metric-twice", "error",
        "The record gives the same metric of the same slice twice.",
        "The better of the two would be judged, or the worse, by chance.",
        "Run the evidence again with a generator that reports each metric once.",
    ),
    "RES-003": Code(
        "unknown-status", "error",
        "The record's status is not complete, inconclusive, error or not_evaluable.",
        "Pass and fail are decided from the requirement's own bound, never by the record.",
        "Run the evidence again with a generator that keeps to the four words.",
    ),
    "RES-004": Code(
        "metric-no-number", "error",
        "A metric's value is no number.",
        "Texts and truth values compare with a bound in ways that nobody meant.",
        "Run the evidence again with a generator that reports numbers.",
    ),
    # Acts: sealed reviews and waivers
    "ACT-001": Code(
        "unsealed-act", "error",
        "A review or waiver is not sealed by those whom the trust policy requires, so it does not count.",
        "As plain text, anybody who can edit the repository could write it in another's name.",
        "Have the person that it names seal it: `casework sign ID --key KEY`.",
    ),
    "ACT-002": Code(
        "act-differs", "error",
        "A seal of a review or waiver is for other content, another person or another role than the node has now.",
        "What was sealed is not what stands there.",
        "Restore the node, or have it sealed anew.",
    ),
    "ACT-003": Code(
        "stray-act", "warning",
        "A sealed review or waiver lies in the case, and the node that it speaks of does not.",
        "An act without its node has no effect; somebody removed the node or forgot to add it.",
        "Restore the node, or leave the seal: it does no harm.",
    ),
    # Paths
    "PTH-001": Code(
        "unsafe-path", "error",
        "A path leaves the folder, or has a name that a system or a program treats specially.",
        "It could reach files outside the case, or be read as an option or a device.",
        "Rename the file; use letters, digits, dot, dash and underscore.",
    ),
    "PTH-002": Code(
        "link-in-evidence", "error",
        "A file or folder below the evidence is a symbolic link.",
        "What it shows can change without a trace in version control.",
        "Put the file itself in place of the link.",
    ),
    "PTH-003": Code(
        "no-plain-file", "error",
        "A file below the evidence has several hard links, or is no plain file.",
        "A hard link changes with its other name; a pipe or device gives other bytes at each reading.",
        "Copy the content into a plain file of its own.",
    ),
    "PTH-004": Code(
        "twin-names", "error",
        "Two paths differ only in case or in Unicode form.",
        "On other systems they are one file, and one of the two vanishes.",
        "Rename or remove one of them.",
    ),
    "PTH-005": Code(
        "misnamed-evidence", "error",
        "An evidence file is not named by the SHA-256 of its payload.",
        "A sealed file is named by its content, so that none can be changed or overwritten unnoticed.",
        "Restore the file from version control, or seal the record anew.",
    ),
    # Policy
    "POL-000": Code(
        "no-trust-policy", "error",
        "There is no trust policy, or no root key to check it with.",
        "Without it no signature can be judged, so no evidence counts.",
        "Restore `evidence/trust/policy.dsse.json` and `root.pub`, or make a trust policy of your own.",
    ),
    "POL-001": Code(
        "policy-rollback", "error",
        "The trust policy is older than one already seen.",
        "An old policy brings back keys that were revoked since.",
        "Use the newest policy.",
    ),
    "POL-002": Code(
        "policy-not-by-root", "error",
        "The trust policy is not signed by enough root persons, or was changed after signing.",
        "Whoever can change the policy decides whose evidence counts.",
        "Have the policy signed by the root keys, old and new ones where they change.",
    ),
    "POL-003": Code(
        "policy-expired", "error",
        "The trust policy has expired.",
        "Nobody has confirmed since that its keys are still in the right hands.",
        "Have the root sign a new version with a later expiry.",
    ),
    "POL-004": Code(
        "key-listed-twice", "error",
        "The trust policy lists the same public key under two names.",
        "One key would count as two.",
        "Keep one name for each key.",
    ),
    "POL-005": Code(
        "ghost-in-policy", "error",
        "The policy names a key, role or person that it does not define, or gives a key a role that its holder lacks.",
        "A name without an owner can be given one later, unseen.",
        "Define what is named, or drop the name; then have the root sign.",
    ),
    "POL-006": Code(
        "unsignable-evidence", "error",
        "The trust policy demands more signers for a kind of evidence than it has persons in the role.",
        "Such evidence can never count, so it would be waived by habit.",
        "List enough persons' keys in the role, or lower the number.",
    ),
    "POL-007": Code(
        "loose-identity", "error",
        "A Sigstore identity of the trust policy leaves open who is meant: a machine's without repository id, ref and trigger.",
        "A fork, or a run for a pull request, would be taken for the project's own pipeline.",
        "Name the issuer, the repository's numeric id, the ref and the trigger; then have the root sign.",
    ),
    "POL-008": Code(
        "broken-policy-chain", "error",
        "The versions of the trust policy do not form a chain: one is missing, or is not signed by the root of the one before.",
        "A new root that the old one has not signed could be anybody's.",
        "Restore `policies/`, or have the old and the new root sign the change: `casework trust sign`.",
    ),
    "POL-009": Code(
        "published-key", "error",
        "A trust policy that is not for demonstration lists a demo key whose private half is published.",
        "Everybody can sign with that key.",
        "Make keys of your own and have your own root sign a policy that lists them.",
    ),
    "POL-010": Code(
        "demo-trust", "warning",
        "The trust policy is for demonstration: its private keys are published with the case.",
        "Everybody can sign with these keys, so no release can rest on them.",
        "For a release, set up trust with keys of your own.",
    ),
    # Log
    "LOG-001": Code(
        "foreign-log", "error",
        "The checkpoint is of another log than the trust policy names, or there is none.",
        "The entries of another log say nothing of this case.",
        "Restore `log/` below the evidence from version control, or begin the log: `casework log update --start`.",
    ),
    "LOG-002": Code(
        "checkpoint-not-signed", "error",
        "The checkpoint is not signed by the log's key, or too few witnesses have cosigned it.",
        "Anybody could have written it.",
        "Restore it from version control, or sign anew with the log's key: `casework log update`.",
    ),
    "LOG-003": Code(
        "log-edited", "error",
        "The entries of the log do not have the root that its checkpoint states, or one of them is no entry.",
        "An entry was changed, moved or put in after signing.",
        "Restore `log/entries` from version control.",
    ),
    "LOG-004": Code(
        "log-truncated", "error",
        "The log is shorter than its checkpoint, or than a checkpoint seen earlier.",
        "The entries that are missing are those that somebody wants forgotten.",
        "Restore `log/entries` from version control.",
    ),
    "LOG-005": Code(
        "log-rewritten", "error",
        "The log does not continue a checkpoint seen earlier: its beginning has another root.",
        "History was written anew, with the right key.",
        "Restore the log from the earlier revision and append to it: `casework log update --base REV`.",
    ),
    "LOG-006": Code(
        "unlogged-evidence", "error",
        "A sealed record, a node or a policy version is not in the log.",
        "What is not logged can be removed without a trace.",
        "Append it: `casework log update --key LOGKEY`.",
    ),
    "LOG-007": Code(
        "logged-evidence-gone", "error",
        "The log has a sealed record that is no longer there.",
        "A result that nobody may see again was removed: often one that failed.",
        "Restore the file from version control; a newer record supersedes it without its removal.",
    ),
    "LOG-008": Code(
        "logged-node-gone", "error",
        "The log has a node that is no longer there, and no sealed review retires it.",
        "A hazard, threat or challenge that is removed leaves nothing behind that would miss it.",
        "Restore the node, or confirm its removal: `casework review ID --as PERSON --retires KEY`, then `casework sign`.",
    ),
    "LOG-009": Code(
        "broken-log-stamp", "error",
        "A stamp of the log does not hold: it covers no checkpoint of this log, or is by an authority that is not pinned.",
        "It would date evidence that it never saw.",
        "Remove the stamp and stamp the checkpoint anew: `casework log stamp`.",
    ),
    # Archives
    "ART-014": Code(
        "unsafe-archive", "error",
        "An archive holds an unsafe, doubled, linked, encrypted, oversized or unlisted member, or lacks a listed one.",
        "Unpacking it could write outside its folder, exhaust the machine, or show other content than was sealed.",
        "Get the release bundle anew from its maker.",
    ),
    "ART-016": Code(
        "broken-release", "error",
        "The release bundle is not sealed as its trust policy demands, or its content is not what was sealed.",
        "Nobody vouches for what it holds.",
        "Do not use it; ask its maker for the release bundle.",
    ),
}  # fmt: skip
"""Code to its meaning; codes are for ever."""


def report(code: str, message: str, *, node: str = "", file: str = "", line: int = 0, column: int = 0) -> Finding:
    """Build a finding of this room: the fact from the caller, severity and fix from the registry."""
    entry = CODES[code]
    return Finding(code, entry.severity, node, (), message, entry.fix, file, line, column)


def shown(text: str, limit: int = 60) -> str:
    """Return foreign text fit for a message: unprintable characters escaped, and cut to `limit` characters."""
    cut = text if len(text) <= limit else f"{text[: limit - 3]}..."
    if cut.isprintable():
        return cut
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)
