"""Small arguments: one for each symbol, relation and decorator of the standard."""

from casework.render.gsn.picture import Argument, Connector, Element, Kind

SUP, CTX, CHA = "supported_by", "in_context_of", "challenges"


def _argument(title, elements, connectors):
    return Argument(tuple(elements), tuple(connectors), title, footer="version 0 · 2026-01-01 · sha256:00")


def _goal(id_, text="The claim holds", **more):
    return Element(id_, "goal", text, **more)


def kinds() -> Argument:
    elements = [_goal("G0", "Every symbol of the standard is drawn")]
    connectors = []
    for number, kind in enumerate(Kind):
        target = f"E{number}"
        elements.append(
            Element(
                target,
                kind,
                f"This is the {kind.value.replace('_', ' ')} symbol with a statement",
                module="MOD-A" if kind.is_away else "",
            )
        )
        context = kind.value.removeprefix("away_") in ("context", "assumption", "justification")
        connectors.append(Connector("G0", target, CTX if context else SUP))
    return _argument("All element symbols", elements, connectors)


def decorators() -> Argument:
    words = {
        "undeveloped": {"undeveloped"},
        "uninstantiated": {"uninstantiated"},
        "both": {"undeveloped", "uninstantiated"},
        "contract": {"contract"},
        "contract and uninstantiated": {"contract", "uninstantiated"},
        "public": {"public"},
        "defeated": {"defeated"},
    }
    elements = [_goal("G0", "Every decorator is drawn")]
    connectors = []
    for number, (word, marks) in enumerate(words.items()):
        elements.append(_goal(f"G{number + 1}", f"This goal of {{token}} is {word}", decorators=frozenset(marks)))
        connectors.append(Connector("G0", f"G{number + 1}", SUP))
    for number, kind in enumerate(("solution", "context", "assumption", "justification")):
        elements.append(
            Element(
                f"P{number}",
                kind,
                "public and with an ACP",
                decorators=frozenset({"public", "uninstantiated"}),
                acps=("ACP7",) if number < 2 else (),
            )
        )
        connectors.append(Connector("G0", f"P{number}", CTX if number else SUP))
    elements.append(Element("Sn9", "solution", "Refuted test", decorators=frozenset({"defeated"}), status="defeated"))
    connectors.append(Connector("G1", "Sn9", SUP))
    return _argument("All element decorators", elements, connectors)


def relations() -> Argument:
    elements = [_goal(f"G{n}", f"Claim number {n} holds") for n in range(12)]
    elements += [
        Element("C1", "context", "Some context"),
        Element("C2", "context", "More context"),
        Element("Sn1", "solution", "Counter evidence"),
    ]
    connectors = [
        Connector("G0", "G1", SUP, multiplicity="n", acps=("ACP1", "ACP2")),
        Connector("G0", "G2", SUP, optional=True),
        Connector("G0", "G3", SUP, multiplicity="1..*"),
        Connector("G0", "G4", SUP, choice="1 of 3"),
        Connector("G0", "G5", SUP, choice="1 of 3"),
        Connector("G0", "G6", SUP, choice="1 of 3", multiplicity="0..x"),
        Connector("G1", "G7", SUP, choice="m of n"),
        Connector("G1", "G8", SUP, choice="m of n"),
        Connector("G2", "G9", SUP, defeated=True),
        Connector("G0", "C1", CTX, acps=("ACP3",), multiplicity="n"),
        Connector("G0", "C2", CTX, defeated=True),
        Connector("G10", "G3", CHA),
        Connector("G11", "G2->G9", CHA),
        Connector("Sn1", "G0->C1", CHA),
    ]
    return _argument("All relations and their decorators", elements, connectors)


def statuses() -> Argument:
    elements = [_goal("G0", "Each status has a colour, a symbol and a word")]
    connectors = []
    for status in ("supported", "open", "doubted", "defeated"):
        elements.append(
            _goal(f"G-{status}", "A goal of this status", status=status, status_reason=f"because <{status}> & so on")
        )
        elements.append(
            Element(
                f"Sn-{status}",
                "solution",
                "Test report",
                status=status,
                annotations=("EV-001", ("EV-002", "evidence/2.html")),
            )
        )
        connectors += [Connector("G0", f"G-{status}", SUP), Connector(f"G-{status}", f"Sn-{status}", SUP)]
    return _argument("All statuses", elements, connectors)


def shared() -> Argument:
    """A graph, not a tree: shared solutions, shared context, a long link, and a cycle."""
    elements = [_goal(f"G{n}", f"Claim {n} about the shared parts of the argument") for n in range(9)]
    elements += [Element(f"Sn{n}", "solution", f"Report {n}") for n in range(4)] + [
        Element("C1", "context", "Definition of terms used below")
    ]
    links = [
        ("G0", "G1"),
        ("G0", "G2"),
        ("G0", "G3"),
        ("G1", "G4"),
        ("G1", "G5"),
        ("G2", "G5"),
        ("G2", "G6"),
        ("G3", "G6"),
        ("G3", "G7"),
        ("G4", "Sn0"),
        ("G5", "Sn0"),
        ("G5", "Sn1"),
        ("G6", "Sn1"),
        ("G6", "Sn2"),
        ("G7", "Sn3"),
        ("G0", "Sn3"),
        ("G7", "G8"),
        ("G8", "G3"),
    ]
    connectors = [Connector(a, b, SUP) for a, b in links] + [Connector("G1", "C1", CTX), Connector("G3", "C1", CTX)]
    return _argument("A graph with shared nodes and a cycle", elements, connectors)


GALLERY = {f.__name__: f for f in (kinds, decorators, relations, statuses, shared)}
