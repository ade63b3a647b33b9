"""Generators of evidence: a model or a dataset in, a result record out; they neither sign nor judge.

`load(name).run(request, progress)` gives a record in any case: what is wrong with the user's files becomes its status
(`not_evaluable`, `error`, `inconclusive`) and its reason, with what to do. `resolve.resolve` builds a request
without a case. The heavy libraries are imported by a generator's own module, when it is loaded or runs.
"""

from casework.generators.options import OptionProblem, OptionSpec, describe_options
from casework.generators.protocol import (
    REGISTRY,
    DataSource,
    Generator,
    GeneratorProblem,
    ModelSource,
    Progress,
    Request,
    load,
    silent,
)

__all__ = [
    "REGISTRY",
    "DataSource",
    "Generator",
    "GeneratorProblem",
    "ModelSource",
    "OptionProblem",
    "OptionSpec",
    "Progress",
    "Request",
    "describe_options",
    "load",
    "silent",
]
