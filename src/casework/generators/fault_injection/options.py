"""The options of a campaign, and what they say together."""

from __future__ import annotations

from typing import Final, Literal, get_args

from casework.generators.interface import DEPLOYED_OPTIONS, INTERFACE_OPTIONS
from casework.generators.options import OptionSpec
from casework.injection.sampling import size

TARGETS: Final = ("weights", "biases", "stored", "activations", "inputs", "outputs", "scales", "zero_points", "all")
FAULTS: Final = (
    "bitflip", "multi", "burst", "field", "stuck_at_0", "stuck_at_1", "zeros", "random", "set", "byte", "word", "row",
    "column", "channel", "rowhammer", "ecc", "fixed_point",
)  # fmt: skip
MODES: Final = (
    "single", "error_rate", "dynamic_instance", "one_per_run", "layer_states", "layer_outputs", "model_states", "critical_bits",
)  # fmt: skip
Allocation = Literal["simple", "proportional", "neyman"]
ALLOCATIONS: Final[tuple[Allocation, ...]] = get_args(Allocation)
ENGINES: Final = ("auto", "suffix", "channel", "patch", "sparse-xor", "segments", "promoted", "rebuild")

OPTIONS: Final = (
    OptionSpec("target", "text", "weights", "What is hit. `stored` is weights, biases, scales and zero points.", TARGETS),
    OptionSpec("tensors", "texts", None, "Names of the tensors to hit, with * and ?; all of the target if not given."),
    OptionSpec("operators", "texts", None, "Types of the operators whose tensors are hit, such as Conv;Gemm."),
    OptionSpec("fault", "text", "bitflip", "What happens there.", FAULTS),
    OptionSpec("bits", "text", None, "Bits that may be hit, 0 the lowest, such as 0-22;30; all if not given."),
    OptionSpec("field", "text", None, "Part of a float that is hit.", ("sign", "exponent", "mantissa", "top")),
    OptionSpec("amount", "float", 1, "Elements (rows, columns, channels) of one tensor that one fault hits.", low=1),
    OptionSpec("percent", "float", None, "Part of each tensor's elements that one fault hits, in place of an amount.", low=0, high=100),
    OptionSpec("flips", "int", 2, "Bits that `multi`, `burst` and `ecc` invert.", low=1, high=64),
    OptionSpec("amounts", "floats", None, "Several amounts, one campaign each, such as 1,2,5,10."),
    OptionSpec("value", "float", None, "Value that `set` writes."),
    OptionSpec("low", "float", 0.0, "Least value that `random` writes."),
    OptionSpec("high", "float", 1.0, "Value below which those that `random` writes stay."),
    OptionSpec("pages", "file", None, "Profile of `rowhammer`: a text file with a page and a bit of it a line."),
    OptionSpec("mode", "text", "single", "How the faults of one prediction come about.", MODES),
    OptionSpec("rate", "float", 1e-6, "Probability of mode error_rate.", low=0, high=1),
    OptionSpec("rate_of", "text", "value", "What the rate is of: each value, or each tensor.", ("value", "tensor")),
    OptionSpec(
        "faults", "text", size.DEFAULT,
        "Number of faults (of each amount); `exhaustive` for every bit of every element; `within:0.01` for as many as make the interval "
        "of each rate +-0.01 at worst, `within:0.01@0.05` where the rate is 0.05; `at-most:0.001` for as many as show a rate of at "
        "most 0.001 if none has an event.",
    ),
    OptionSpec(
        "interval", "float", None, "Half-width of the interval of sdc_rate to stop at; `faults` is then the limit.", low=1e-6, high=0.5
    ),
    OptionSpec(
        "unit", "text", None, "What is drawn alike: elements (if not given: of what is stored), or tensors.", ("tensor", "element")
    ),
    OptionSpec(
        "allocation", "text", "simple", "How faults are spread over the strata, tensor and bit.", ALLOCATIONS
    ),
    OptionSpec("pilot", "int", 20, "Faults in every stratum before a Neyman allocation.", low=2, high=10_000),
    OptionSpec("inputs", "int", 100, "Inputs used, evenly from the data; 0 for all.", low=0, high=10_000_000),
    OptionSpec("inputs_per_fault", "text", "1", "Inputs that each fault is tried on.", ("1", "all")),
    OptionSpec("correct_only", "bool", default=False, meaning="Use only inputs that the model has right without faults."),
    OptionSpec("fault_list", "file", None, "Fault list to put in (.jsonl or .parquet), in place of drawing one."),
    OptionSpec("decision", "text", None, "How outputs are judged.", ("classification", "detection", "segmentation", "regression")),
    OptionSpec("output", "text", None, "Output that decides; the only one, or the class scores, if not given."),
    OptionSpec("thresholds", "floats", None, "Deviations of a regression, up to four, in units of the output; the first is an SDC."),
    OptionSpec("iou_bound", "float", 0.9, "Overlap with the golden mask below which a segmentation is corrupted.", low=0, high=1),
    OptionSpec("audit", "int", 200, "Injected predictions repeated by the oracle.", low=0, high=1_000_000),
    OptionSpec("engine", "text", "auto", "Engine to use in place of the planner's choice.", ENGINES),
    OptionSpec("checks", "int", 1000, "Inferred bits that critical_bits injects after all.", low=1, high=10_000_000),
    OptionSpec("worst", "int", 20, "Rows in the table of the worst faults.", low=0, high=10_000),
    *(spec for spec in INTERFACE_OPTIONS if spec.name != "task"),
    *DEPLOYED_OPTIONS,
)  # fmt: skip
