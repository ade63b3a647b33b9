"""A requirement uses a word that everybody reads in another way.

## What it does
Looks in the statement of each requirement and safety goal for words without a measure: those that the GSN standard
lists (such as `appropriate`, `effective`, `normal`, `timely`) and others that requirements are known for (`adequate`,
`fast`, `robust`, `if possible`, `user-friendly`, `TBD`). The word and its place in the statement are named.

## Why it matters
A vague word moves the decision from the requirement to the tester, or to nobody.

## Bad
```yaml
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The system shall report stop signs fast.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_y]
```

## Good
```yaml
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The system shall report stop signs within 100 ms.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_y]
```

## References
GSN v3 2:5.5.1; ISO 26262-8:2018, 6.4.2.4 (unambiguous); ISO/IEC/IEEE 29148:2018, 5.2.7 (terms to avoid).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from casework.model.finding import Finding
from casework.model.node import Node
from casework.model.requirement import Requirement
from casework.rules.rule import Rule

RULE = Rule(
    "REQ-003",
    "vague-word",
    "warning",
    "Say how much, how often, how soon, or under which named conditions.",
    "node",
    ("requirement", "safety_goal"),
)

WORDS: Final = (
    # GSN v3 2:5.5.1
    "abnormal", "abnormally", "appropriate", "appropriately", "approximate", "approximately", "effective",
    "effectively", "early", "easy", "easily", "envelope", "flexible", "flexibly", "friendly", "generally", "late",
    "normal", "normally", "often", "timely",
    # ISO/IEC/IEEE 29148:2018, 5.2.7, and others of their kind
    "acceptable", "acceptably", "adequate", "adequately", "best", "efficient", "efficiently", "etc", "fast",
    "frequently", "good", "intuitive", "large", "many", "maximise", "maximize", "minimise", "minimize",
    "mostly", "nearly", "optimal", "optimally", "optimise", "optimize", "possible", "possibly", "practicable",
    "practical", "proper", "properly", "quick", "quickly", "rapid", "rapidly", "reasonable", "reasonably", "reliably",
    "robust", "robustly", "roughly", "safely", "several", "significant", "significantly", "simple", "slow", "slowly",
    "small", "soon", "sufficient", "sufficiently", "suitable", "suitably", "tbc", "tbd", "usually", "various",
)  # fmt: skip
PHRASES: Final = (
    "and/or", "as appropriate", "as far as possible", "as needed", "as required", "as soon as possible", "best effort",
    "if appropriate", "if necessary", "if possible", "state of the art", "user friendly", "user-friendly",
    "where appropriate", "where possible", "where practicable",
)  # fmt: skip

# Most statements are cleared by one look at their words as they stand between blanks, with the usual signs around them.
_SPOKEN: Final = frozenset(
    before + word + after
    for word in (*WORDS, "user-friendly")
    for before in ("", "(", '"', "'")
    for after in ("", ".", ",", ";", ":", ")", "!", "?", '"', "'", "),", ").", '",', '".', "',", "'.")
)
# Phrases whose words are vague by themselves are found through them; these need a look of their own.
_TRIGGERS: Final = ("/", "--", "as needed", "as required", "if necessary", "state of the art")
_VAGUE: Final = re.compile(
    rf"(?<![\w-])(?:{'|'.join(re.escape(t) for t in sorted((*PHRASES, *WORDS), key=len, reverse=True))})(?![\w-])",
    re.IGNORECASE,
)


def check(key: str, node: Node) -> Iterable[Finding]:
    """Return a finding for each vague word of the statement, at its first place."""
    text: str = getattr(node, "statement", "").lower()
    if _SPOKEN.isdisjoint(text.split()) and not any(t in text for t in _TRIGGERS):
        return ()
    if isinstance(node, Requirement) and node.status == "retired":
        return ()
    return tuple(_findings(key, text))


def _findings(key: str, text: str) -> Iterator[Finding]:
    seen: set[str] = set()
    for found in _VAGUE.finditer(text):
        word = found.group()
        if word not in seen:
            seen.add(word)
            yield RULE.at(
                key, ("statement",), f"{key} says `{word}` (character {found.start() + 1}), which has no measure"
            )
