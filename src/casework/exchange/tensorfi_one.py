"""Configurations of TensorFI 1: which operators of a TensorFlow 1 graph are hit, how often, and by what.

Sources: confFiles/default.yaml, TensorFI/fiConfig.py, faultTypes.py and injectFault.py of
https://github.com/DependableSystemsLab/TensorFI (commit 2f5a8d5, MIT); Chen et al., ISSRE 2020.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final, Literal, assert_never, get_args

from casework.exchange.tensorfi_settings import DIFFERENT, IDLE, LOST, Option, Plan, Remark, Settings
from casework.model.finding import Route

FIELDS: Final = ("ScalarFaultType", "TensorFaultType", "Ops", "Seed", "SkipCount", "Instances", "InjectMode")
FaultType = Literal["None", "Rand", "Zero", "Rand-element", "bitFlip-element", "bitFlip-tensor"]
FAULT_TYPES: Final[tuple[FaultType, ...]] = get_args(FaultType)
MODES: Final = {"errorRate": "error_rate", "dynamicInstance": "dynamic_instance", "oneFaultPerRun": "one_per_run"}

OPERATORS: Final[dict[str, tuple[str, ...]]] = {
    "NOOP": (), "ASSIGN": (), "IDENTITY": ("Identity",), "ADD": ("Add",), "SUB": ("Sub",), "MUL": ("Mul",), "SQUARE": ("Mul", "Pow"),
    "SHAPE": ("Shape",), "SIZE": ("Size",), "FILL": ("ConstantOfShape", "Expand"), "FLOOR": ("Floor",), "FLOOR-MOD": ("Mod",),
    "RANGE": ("Range",), "RANK": (), "SUM": ("ReduceSum",), "MATMUL": ("MatMul", "Gemm"), "ARGMAX": ("ArgMax",), "ARGMIN": ("ArgMin",),
    "EQUAL": ("Equal",), "NOT-EQUAL": ("Not",), "LESS-EQUAL": ("LessOrEqual",), "GREATER-EQUAL": ("GreaterOrEqual",), "CAST": ("Cast",),
    "MEAN": ("ReduceMean",), "COUNT-NONZERO": (), "RESHAPE": ("Reshape",), "ONE-HOT": ("OneHot",), "CONV2D": ("Conv",), "RELU": ("Relu",),
    "MAX-POOL": ("MaxPool",), "STRIDED-SLICE": ("Slice",), "SOFT-MAX": ("Softmax",), "MAXIMUM": ("Max",), "MINIMUM": ("Min",),
    "EXPAND-DIMS": ("Unsqueeze",), "SWITCH": ("If",), "GREATER": ("Greater",), "NEGATIVE": ("Neg",), "POW": ("Pow",), "REALDIV": ("Div",),
    "ABSOLUTE": ("Abs",), "RSQRT": ("Reciprocal",), "LOG": ("Log",), "BIASADD": ("Add", "Gemm", "Conv"), "SIGMOID": ("Sigmoid",),
    "TANH": ("Tanh",), "PACK": ("Concat",), "UNPACK": ("Split",), "LRN": ("LRN",), "ELU": ("Elu",), "RANDOM-UNIFORM": (),
}  # fmt: skip
"""Operator of TensorFI 1 to those of ONNX that its TensorFlow operator becomes in an exported and folded graph."""

_SEEDS: Final = 2**53


_RAND_ELEMENT: Final = Remark(
    DIFFERENT,
    "TensorFI 1 changes nothing in tensors of more than two axes, such as the output of a convolution; here every tensor is hit",
    "Restrict `operators` to those with outputs of one or two axes to repeat its figures.",
)
_FIXED_POINT: Final = Remark(
    DIFFERENT,
    "TensorFI 1 flips a bit of a fixed-point image (1 sign, 21 integer, 10 fraction bits), not of the IEEE 754 float; of float32 values "
    "only the sign and the integer bits, for it splits a fraction only off Python's own floats",
    "Keep fault=fixed_point with bits=10-31 to repeat that; set fault=bitflip without `bits` for flips as memory has them.",
)
_ALL: Final = Remark(
    DIFFERENT,
    "ALL means the operators of the folded ONNX graph, not of the TensorFlow graph: export fuses, splits and drops some, and what only "
    "computes shapes is not hit",
    "Name `operators` where the choice matters; the table of rates by tensor says what was hit.",
)
_SEED: Final = Remark(DIFFERENT, "the same seed draws other faults here", "Compare rates, not single faults.")
_INSTANCES: Final = Remark(
    IDLE, "instances are counted in the model, and not taken from the file", "Give --model to have them compared."
)
_IDLE_INSTANCES: Final = Remark(
    IDLE, "with `errorRate` TensorFI 1 does not read the instances", "Drop them, or leave them."
)


def plans(said: Settings, counts: Mapping[str, int] | None) -> list[Plan]:
    """Return the campaigns of a configuration: one, or one for each rate where operators have different ones.

    Args:
        said: The configuration; findings are added to it.
        counts: Activations of the model by operator, if it is known.

    Raises:
        Untranslatable: The configuration injects nothing, or TensorFI 1 itself would refuse it.
    """
    said.ignore_unknown(FIELDS)
    mode = said.choice("InjectMode", tuple(MODES), "")
    if not mode:
        raise said.refuse((), "without `InjectMode` TensorFI 1 injects nothing", f"Add one of {', '.join(MODES)}.")
    fault = _fault(said)
    rates = _rates(said)
    _remarks(said, mode, counts)
    seed = _seed(said)
    if mode != "errorRate" and len(set(rates.values())) > 1:
        said.tell(
            IDLE, ("Ops",), f"with `{mode}` TensorFI 1 does not read the probabilities", "Drop them, or leave them."
        )
    shared = {"target": "activations", "mode": MODES[mode], **fault}
    if mode != "errorRate":
        return [Plan(shared | _operators(said, list(rates), counts), seed)]
    return _by_rate(said, shared, rates, counts, seed)


def _by_rate(
    said: Settings, shared: dict[str, Option], rates: dict[str, float], counts: Mapping[str, int] | None, seed: int
) -> list[Plan]:
    found = sorted(set(rates.values()), reverse=True)
    if found == [0.0]:
        raise said.refuse(("Ops",), "every operator has the probability 0", "Give one of them a probability above 0.")
    made = []
    for rate in found:
        names = [name for name, one in rates.items() if one == rate]
        if rate == 0:
            said.tell(IDLE, ("Ops",), f"{', '.join(names)} have the probability 0 and are left out", "Nothing to do.")
            continue
        made.append(
            Plan(shared | {"rate": rate, "rate_of": "tensor"} | _operators(said, names, counts), seed, f"rate {rate:g}")
        )
    if len(made) > 1:
        said.tell(
            DIFFERENT, ("Ops",), f"{len(made)} probabilities become {len(made)} campaigns, each with the faults of its own operators only",
            "Where faults must coincide in one prediction, give all operators one probability.",
        )  # fmt: skip
        return made
    return [Plan(made[0].options, seed)]


# What is done to a value


def _fault(said: Settings) -> dict[str, Option]:
    tensor = said.choice("TensorFaultType", FAULT_TYPES, "None")
    scalar = said.choice("ScalarFaultType", FAULT_TYPES, "None")
    if tensor == "None":
        key: Route = ("TensorFaultType",) if "TensorFaultType" in said.values else ()
        raise said.refuse(
            key,
            "no fault in tensors is asked for, and faults in scalars alone are not made here",
            "Set TensorFaultType.",
        )
    if scalar not in ("None", tensor):
        said.tell(
            LOST, ("ScalarFaultType",), f"scalars get the fault of tensors, and not {scalar}",
            "Nothing to do where the graph computes no scalars; a network seldom does.",
        )  # fmt: skip
    match tensor:
        case "Rand":
            return {"fault": "random", "low": 0.0, "high": 1.0, "percent": 100.0}
        case "Zero":
            return {"fault": "zeros", "percent": 100.0}
        case "Rand-element":
            said.remark("TensorFaultType", None, _RAND_ELEMENT)
            return {"fault": "random", "low": 0.0, "high": 1.0}
        case "bitFlip-element" | "bitFlip-tensor":
            return _bit_flip(said, whole=tensor == "bitFlip-tensor")
        case _:
            assert_never(tensor)


def _bit_flip(said: Settings, *, whole: bool) -> dict[str, Option]:
    said.remark("TensorFaultType", None, _FIXED_POINT)
    # fixed_point numbers the image's bits from the lowest: 0-9 fraction, 10-30 integer, 31 sign.
    made: dict[str, Option] = {"fault": "fixed_point", "bits": "10-31"}
    if whole:
        made["percent"] = 100.0
    return made


# Where


def _rates(said: Settings) -> dict[str, float]:
    """Return the probability by operator, in the order of the file."""
    made: dict[str, float] = {}
    for index, name, text in _pairs(said, "Ops"):
        try:
            rate = float(text)
        except ValueError:
            rate = math.nan
        if name not in OPERATORS and name != "ALL":
            said.tell(IDLE, ("Ops", index), f"TensorFI 1 has no operator {name} and ignores it", "Drop it.")
        elif not 0 <= rate <= 1:
            raise said.refuse(("Ops", index), f"the probability of {name} is {text!r}", "Give a number from 0 to 1.")
        else:
            made[name] = rate
    if not made:
        raise said.refuse(
            ("Ops",) if "Ops" in said.values else (), "no operator is chosen", "List operators, such as - ALL = 1.0."
        )
    return made


def _pairs(said: Settings, key: str) -> list[tuple[int, str, str]]:
    """Return (position, name, value) of a list of `NAME = value`.

    Raises:
        Untranslatable: It is no such list.
    """
    listed: Any = said.values.get(key)
    if listed is None:
        return []
    if not isinstance(listed, list):
        raise said.refuse((key,), f"`{key}` is no list", "Write a line `- NAME = value` for each.")
    made = []
    for index, item in enumerate(listed):
        name, equals, value = str(item).partition("=")
        if not isinstance(item, str) or not equals or "=" in value:
            raise said.refuse((key, index), f"{item!r} is not NAME = value", "Write it so, such as CONV2D = 1.0.")
        made.append((index, name.strip(), value.strip()))
    return made


def _operators(said: Settings, names: list[str], counts: Mapping[str, int] | None) -> dict[str, Option]:
    if "ALL" in names:
        said.remark("Ops", None, _ALL)
        return {}
    found: list[str] = []
    for index, name, _ in _pairs(said, "Ops"):
        if name in names:
            found += _onnx(said, index, name, counts)
    if not found:
        raise said.refuse(
            ("Ops",), f"nothing in the model corresponds to {', '.join(names)}", "Choose other operators."
        )
    return {"operators": list(dict.fromkeys(found))}


def _onnx(said: Settings, index: int, name: str, counts: Mapping[str, int] | None) -> list[str]:
    route: Route = ("Ops", index)
    mapped = [op for op in OPERATORS[name] if counts is None or counts.get(op, 0)]
    if not OPERATORS[name]:
        said.tell(LOST, route, f"{name} has no counterpart whose output could be hit in an ONNX graph", "Leave it out.")
    elif not mapped:
        said.tell(
            LOST,
            route,
            f"the model has no {' or '.join(OPERATORS[name])}, which {name} becomes in ONNX",
            "Leave it out.",
        )
    elif name == "BIASADD" or (name == "MATMUL" and "Gemm" in mapped):
        message = f"{name} becomes {', '.join(mapped)}: ONNX adds a bias within Gemm and Conv, so that the sum is hit"
        said.tell(DIFFERENT, route, message, "Nothing to do.")
    return mapped


# All else


def _seed(said: Settings) -> int:
    seed = said.values.get("Seed")
    if seed is None:
        return 0
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < _SEEDS:
        said.tell(LOST, ("Seed",), f"the seed {seed!r} is not carried over", "Give a whole number from 0 to 2^53 - 1.")
        return 0
    said.remark("Seed", None, _SEED)
    return seed


def _remarks(said: Settings, mode: str, counts: Mapping[str, int] | None) -> None:
    skip = said.values.get("SkipCount")
    if skip not in (None, 0):
        said.tell(
            LOST, ("SkipCount",), f"the first {skip} operator executions are not skipped: a prediction has no order that counts here",
            "Name `tensors` to leave the first ones out.",
        )  # fmt: skip
    given = _pairs(said, "Instances")
    if given and mode == "errorRate":
        said.remark("Instances", None, _IDLE_INSTANCES)
        return
    for index, name, text in given:
        held = None if counts is None else sum(counts.get(op, 0) for op in OPERATORS.get(name, ()))
        if held is not None and name != "BIASADD" and str(held) != text:
            said.tell(
                DIFFERENT, ("Instances", index), f"the file says {text} of {name}, and the model has {held}",
                "Nothing to do: instances are counted in the model.",
            )  # fmt: skip
    if given and counts is None:
        said.remark("Instances", None, _INSTANCES)
