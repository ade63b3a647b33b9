"""Tables of the standards that Casework computes with, each with its source.

Tables are facts; the standards' texts are not reproduced.
"""

from __future__ import annotations

from typing import Final, Literal

Asil = Literal["QM", "A", "B", "C", "D"]
Sil = Literal["SIL1", "SIL2", "SIL3", "SIL4"]
Tcl = Literal["TCL1", "TCL2", "TCL3"]

ASIL_RANK: Final[dict[str, int]] = {"QM": 0, "A": 1, "B": 2, "C": 3, "D": 4}

DECOMPOSITIONS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "D": (("C", "A"), ("B", "B"), ("D", "QM")),
    "C": (("B", "A"), ("C", "QM")),
    "B": (("A", "A"), ("B", "QM")),
    "A": (("A", "QM"),),
}
"""Legal ASIL decompositions of a requirement into two redundant ones. Source: ISO 26262-9:2018, clause 5."""


def asil_of(severity: str, exposure: str, controllability: str) -> Asil:
    """Return the ASIL of a hazardous event.

    The table of ISO 26262-3:2018 (Table 4) equals the sum rule used here: S0, E0 or C0 need no ASIL, otherwise
    S+E+C of 10, 9, 8, 7 gives D, C, B, A, and less gives QM.

    Args:
        severity: `S0` to `S3`.
        exposure: `E0` to `E4`.
        controllability: `C0` to `C3`.
    """
    s, e, c = int(severity[1]), int(exposure[1]), int(controllability[1])
    if 0 in (s, e, c):
        return "QM"
    table: dict[int, Asil] = {10: "D", 9: "C", 8: "B", 7: "A"}
    return table.get(s + e + c, "QM")


def tcl_of(tool_impact: str, tool_error_detection: str) -> Tcl:
    """Return the tool confidence level. Source: ISO 26262-8:2018, clause 11.4.5, Table 3."""
    if tool_impact == "TI1":
        return "TCL1"
    table: dict[str, Tcl] = {"TD1": "TCL1", "TD2": "TCL2", "TD3": "TCL3"}
    return table[tool_error_detection]


def asil_level(asil: str) -> str:
    """Return the level of a possibly decomposed ASIL: `B` of `B(D)`."""
    return asil.partition("(")[0]


def asil_origin(asil: str) -> str:
    """Return the level that a decomposition started from: `D` of `B(D)`; the level itself where not decomposed."""
    return asil.partition("(")[2].rstrip(")") or asil


ASPICE_PRACTICES: Final[dict[str, str]] = {
    "MLE.1.BP1": "Specify ML requirements",
    "MLE.1.BP2": "Structure ML requirements",
    "MLE.1.BP3": "Analyze ML requirements",
    "MLE.1.BP4": "Analyze the impact on the ML operating environment",
    "MLE.1.BP5": "Ensure consistency and establish bidirectional traceability",
    "MLE.1.BP6": "Communicate agreed ML requirements and impact on the operating environment",
    "MLE.2.BP1": "Develop ML architecture",
    "MLE.2.BP2": "Determine hyperparameter ranges and initial values",
    "MLE.2.BP3": "Analyze ML architectural elements",
    "MLE.2.BP4": "Define interfaces of the ML architectural elements",
    "MLE.2.BP5": "Define resource consumption objectives for the ML architectural elements",
    "MLE.2.BP6": "Ensure consistency and establish bidirectional traceability",
    "MLE.2.BP7": "Communicate agreed ML architecture",
    "MLE.3.BP1": "Specify ML training and validation approach",
    "MLE.3.BP2": "Create ML training and validation data set",
    "MLE.3.BP3": "Create and optimize ML model",
    "MLE.3.BP4": "Ensure consistency and establish bidirectional traceability",
    "MLE.3.BP5": "Summarize and communicate agreed trained ML model",
    "MLE.4.BP1": "Specify an ML test approach",
    "MLE.4.BP2": "Create ML test data set",
    "MLE.4.BP3": "Test trained ML model",
    "MLE.4.BP4": "Derive deployed ML model",
    "MLE.4.BP5": "Test deployed ML model",
    "MLE.4.BP6": "Ensure consistency and establish bidirectional traceability",
    "MLE.4.BP7": "Summarize and communicate results",
    "SUP.11.BP1": "Establish an ML data management system",
    "SUP.11.BP2": "Develop an ML data quality approach",
    "SUP.11.BP3": "Collect ML data",
    "SUP.11.BP4": "Process ML data",
    "SUP.11.BP5": "Assure quality of ML data",
    "SUP.11.BP6": "Communicate agreed processed ML data",
}
"""Identifiers and titles of the ML base practices. Source: Automotive SPICE PAM v4.0 (VDA QMC, 2023)."""

OWASP_ML: Final[dict[str, str]] = {
    "ML01:2023": "Input Manipulation Attack",
    "ML02:2023": "Data Poisoning Attack",
    "ML03:2023": "Model Inversion Attack",
    "ML04:2023": "Membership Inference Attack",
    "ML05:2023": "Model Theft",
    "ML06:2023": "AI Supply Chain Attacks",
    "ML07:2023": "Transfer Learning Attack",
    "ML08:2023": "Model Skewing",
    "ML09:2023": "Output Integrity Attack",
    "ML10:2023": "Model Poisoning",
}
"""OWASP Machine Learning Security Top 10, draft v0.3 (2023), OWASP Foundation, CC BY-SA 4.0: identifiers and names."""

AMLAS_ARTEFACTS: Final[dict[str, str]] = {
    "A": "System Safety Requirements",
    "B": "Description of Operating Environment of System",
    "C": "System Description",
    "D": "ML Component Description",
    "E": "Safety Requirements Allocated to ML Component",
    "F": "ML Assurance Scoping Argument Pattern",
    "G": "ML Safety Assurance Scoping Argument",
    "H": "ML Safety Requirements",
    "I": "ML Safety Requirements Argument Pattern",
    "J": "ML Safety Requirements Validation Results",
    "K": "ML Safety Requirements Argument",
    "L": "Data Requirements",
    "M": "Data Requirements Justification Report",
    "N": "Development Data",
    "O": "Internal Test Data",
    "P": "Verification Data",
    "Q": "Data Generation Log",
    "R": "ML Data Argument Pattern",
    "S": "ML Data Validation Results",
    "T": "ML Data Argument",
    "U": "Model Development Log",
    "V": "ML Model",
    "W": "ML Learning Argument Pattern",
    "X": "Internal Test Results",
    "Y": "ML Learning Argument",
    "Z": "ML Verification Results",
    "AA": "Verification Log",
    "BB": "ML Verification Argument Pattern",
    "CC": "ML Verification Argument",
    "DD": "Erroneous Behaviour Log",
    "EE": "Operational Scenarios",
    "FF": "Integration Testing Results",
    "GG": "ML Deployment Argument Pattern",
    "HH": "ML Deployment Argument",
}
"""AMLAS v1.1 (University of York) artefacts by letter."""
