"""An argument of the AMLAS shape about a road sign detector, as a user would write it (72 elements, two modules)."""

from casework.render.gsn.picture import Argument, Connector, Element

ELEMENTS: list[Element] = []
CONNECTORS: list[Connector] = []


def _add(id_, kind, text, parent="", status=None, **more):
    line = {k: more.pop(k) for k in ("optional", "multiplicity", "choice", "line_acps") if k in more}
    acps = line.pop("line_acps", ())
    ELEMENTS.append(Element(id_, kind, text, status=status, **more))
    relation = (
        "in_context_of" if kind.removeprefix("away_") in ("context", "assumption", "justification") else "supported_by"
    )
    if parent:
        CONNECTORS.append(Connector(parent, id_, relation, acps=acps, **line))


def _challenge(id_, kind, text, target, status=None, **more):
    ELEMENTS.append(Element(id_, kind, text, status=status, **more))
    CONNECTORS.append(Connector(id_, target, "challenges"))


S, O, D = "supported", "open", "doubted"  # noqa: E741

_add(
    "G1.1",
    "goal",
    "System safety requirements allocated to the road sign detector are satisfied in its operational design domain",
    status=D,
    status_reason="G6.3 is open; G3.5 is doubted",
    href="nodes/G1.1.html",
)
_add("C1.1", "context", "System description: intelligent speed assistance, revision 4", "G1.1")
_add(
    "C1.2",
    "context",
    "Operational design domain ODD-1: rural and urban roads, daylight and dusk, up to 130 km/h",
    "G1.1",
)
_add("C1.3", "context", "Component description: int8 detector on an ARM Cortex-A53, 10 frames per second", "G1.1")
_add("C1.4", "context", "Allocated requirements SYS-1 to SYS-5", "G1.1", line_acps=("ACP1",))
_add(
    "A1.1", "assumption", "The system safety process has defined the allocated requirements correctly", "G1.1", status=S
)
_add("S1.1", "strategy", "Argument over development of the model and its deployment in the vehicle", "G1.1", status=D)
_add("G2.1", "goal", "Allocated requirements are satisfied by the model that was developed", "S1.1", status=D)
_add("G6.1", "goal", "Allocated requirements are satisfied when the model is deployed in the vehicle", "S1.1", status=O)
_add(
    "S2.1",
    "strategy",
    "Argument by refinement of allocated requirements into concrete ML safety requirements",
    "G2.1",
    status=D,
)
_add("C2.1", "context", "ML safety requirements ML-1 to ML-9", "S2.1")
_add(
    "J2.1",
    "justification",
    "Translation keeps the intent; latency cannot be stated of the model and is argued in G6.2",
    "S2.1",
)
_add("G2.3", "goal", "ML safety requirements are a valid development of the allocated requirements", "S2.1", status=S)
_add(
    "Sn2.1",
    "solution",
    "Review record RV-12",
    "G2.3",
    status=S,
    annotations=("EV-REV-012",),
    href="evidence/EV-REV-012.html",
)
_add("J2.2", "justification", "Two reviewers, independent of the developers, traced each requirement", "G2.3")
_add("G2.2", "goal", "Detector v7 satisfies the ML safety requirements", "S2.1", status=D)
_add("C2.2", "context", "Data sets DEV-3, INT-3 and VER-3", "G2.2", line_acps=("ACP2",))
_add("C2.3", "context", "Model file detector-int8.onnx", "G2.2", acps=("ACP3",))
_add("S2.2", "strategy", "Argument over the types of ML safety requirement", "G2.2", status=D)
_add("G2.4", "goal", "Performance requirements are satisfied", "S2.2", status=S)
_add("G2.5", "goal", "Robustness requirements are satisfied", "S2.2", status=D)
for n, (what, ev, st) in enumerate(
    [
        ("recall of speed limit signs is at least 0.93 within 80 m", "EV-DET-001", S),
        ("false positives per image are at most 0.1 %", "EV-DET-002", S),
        ("position error is at most 0.5 m at 95 % confidence", "EV-DET-003", S),
    ],
    1,
):
    _add(f"G5.1.{n}", "goal", f"ML-{n}: {what}", "G2.4", status=st)
    _add(
        f"Sn5.1.{n}",
        "solution",
        "Test results on VER-3",
        f"G5.1.{n}",
        status=st,
        annotations=(ev,),
        href=f"evidence/{ev}.html",
    )
_add("G5.2", "goal", "Verification is independent of development", "G2.4", status=S)
_add("Sn5.2", "solution", "Verification log", "G5.2", status=S, annotations=("EV-IND-001",))
for n, (what, st, ev) in enumerate(
    [
        ("rain and fog", S, "EV-ROB-001"),
        ("low sun and glare", D, "EV-ROB-002"),
        ("dirt and stickers on signs", S, "EV-ROB-003"),
        ("sensor faults and bit flips", S, "EV-FLT-001"),
    ],
    4,
):
    _add(f"G5.1.{n}", "goal", f"ML-{n}: recall under {what} stays within 3 percentage points", "G2.5", status=st)
    _add(f"Sn5.1.{n}", "solution", "Robustness campaign", f"G5.1.{n}", status=st, annotations=(ev,))
_challenge("CG1", "goal", "Glare scenes were synthesised with one sun elevation only", "G5.1.5", status=O)
_add("CSn1", "solution", "Data audit DA-3", "CG1", status=S, annotations=("EV-AUD-003",))
_add(
    "DATA/G3.1",
    "away_goal",
    "Data used in development and verification is sufficient",
    "G2.2",
    module="DATA",
    label="G3.1",
    status=D,
)
_add("G4.1", "goal", "Development of the detector is sufficient", "G2.2", status=S)
_add("S4.1", "strategy", "Argument over internal testing and development approach", "G4.1", status=S)
_add("C4.2", "context", "Constraints: 4 MB of memory, int8 arithmetic", "S4.1")
_add("G4.2", "goal", "Detector satisfies the ML safety requirements on internal test data", "S4.1", status=S)
_add("J4.1", "justification", "Internal test data was kept from training by recording site", "G4.2")
_add("Sn4.1", "solution", "Internal test results", "G4.2", status=S, annotations=("EV-INT-001",))
_add("G4.3", "goal", "Development approach is appropriate", "S4.1", status=S)
_add("G4.4", "goal", "Learning process follows the plan", "G4.3", status=S)
_add("G4.5", "goal", "Model type suits the target", "G4.3", status=S)
_add("G4.7", "goal", "Hyperparameters are chosen by a recorded search", "G4.3", status=S)
_add("Sn4.2", "solution", "Model development log", "G4.4", status=S, annotations=("EV-LOG-001",))
CONNECTORS += [Connector("G4.5", "Sn4.2", "supported_by"), Connector("G4.7", "Sn4.2", "supported_by")]
_add("S6.1", "strategy", "Argument over integration and operation", "G6.1", status=O)
_add("G6.2", "goal", "Requirements are satisfied in the defined operating scenarios", "S6.1", status=S)
_add("C6.1", "context", "Operating scenarios OS-1 to OS-24", "G6.2")
_add("J6.1", "justification", "Scenarios cover each dimension of ODD-1", "G6.2")
_add("G6.4", "goal", "Integration tests pass on the target", "G6.2", status=S)
_add("Sn6.1", "solution", "Integration test results", "G6.4", status=S, annotations=("EV-HIL-001", "EV-LAT-001"))
_add("G6.5", "goal", "Simulation represents the real roads", "G6.2", status=S)
_add("Sn6.2", "solution", "Comparison of simulated and recorded drives", "G6.5", status=S, annotations=("EV-SIM-002",))
_add("G6.3", "goal", "Requirements stay satisfied throughout operation", "S6.1", status=O)
_add("G6.7", "goal", "Inputs and outputs are monitored", "G6.3", status=S)
_add("Sn6.3", "solution", "Monitor coverage analysis", "G6.7", status=S, annotations=("EV-MON-001",))
_add("G6.8", "goal", "Response to erroneous behaviour is acceptable", "G6.3", status=S)
CONNECTORS.append(Connector("G6.8", "Sn6.3", "supported_by"))
_add(
    "G6.9", "goal", "Field data confirms the assumed exposure", "G6.3", status=O, decorators=frozenset({"undeveloped"})
)

_add(
    "G3.1",
    "goal",
    "Data used in development and verification is sufficient",
    status=D,
    module="DATA",
    decorators=frozenset({"public"}),
)
_add("S3.1", "strategy", "Argument over data requirements and the data itself", "G3.1", status=D, module="DATA")
_add("C3.1", "context", "Data requirements DR-1 to DR-20", "S3.1", module="DATA")
_add("G3.2", "goal", "Data requirements are sufficient", "S3.1", status=S, module="DATA")
_add(
    "Sn3.1", "solution", "Data requirements justification", "G3.2", status=S, annotations=("EV-DRJ-001",), module="DATA"
)
_add("G3.3", "goal", "Data satisfies the data requirements", "S3.1", status=D, module="DATA")
_add("S3.2", "strategy", "Argument over relevance, completeness, accuracy and balance", "G3.3", status=D, module="DATA")
_add("J3.1", "justification", "These four are what the data requirements distinguish", "S3.2", module="DATA")
for n, (what, st, ev) in enumerate(
    [
        ("relevant to ODD-1", S, "EV-DAT-004"),
        ("complete over the dimensions of ODD-1", D, "EV-DAT-005"),
        ("accurately labelled", S, "EV-DAT-006"),
        ("balanced over sign classes", S, "EV-DAT-007"),
    ],
    4,
):
    _add(f"G3.{n}", "goal", f"Data is {what}", "S3.2", status=st, module="DATA")
    _add(f"Sn3.{n}", "solution", "Data validation results", f"G3.{n}", status=st, annotations=(ev,), module="DATA")


def argument() -> Argument:
    """The whole argument."""
    return Argument(
        tuple(ELEMENTS),
        tuple(CONNECTORS),
        "Safety argument of the road sign detector",
        "Intelligent speed assistance, detector v7 (int8)",
        "version 1.4.0 · judged 2026-03-02 · input sha256:3f5a0c19d2e7b846",
    )
