"""Models, datasets, and the plan of each piece of evidence."""

import posixpath
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from casework.model.node import Link, LinkId, Node, RelPath, Sha256, Text, Value


class Tensor(Value):
    """An input or output of a model."""

    name: Annotated[str, Field(min_length=1, description="Name in the ONNX graph.")]
    dtype: Annotated[str, Field(description="ONNX element type in lower case, such as `float32`.")]
    shape: Annotated[
        tuple[int | str, ...], Field(strict=False, description="Axes; a word for a dynamic one, such as `N`.")
    ]
    meaning: Annotated[str | None, Field(description="What it holds, with units and ranges.")] = None


class ModelFile(Value):
    """A model file and the digest that pins it."""

    path: Annotated[RelPath, Field(description="ONNX file, relative to the case's root.")]
    sha256: Annotated[Sha256, Field(description="SHA-256 of the file, 64 hex digits.")]


class WeightFile(Value):
    """A file that holds weights of an ONNX model outside of it (its external data), and the digest that pins it."""

    path: Annotated[
        RelPath, Field(description="File in or below the folder of the model file, relative to the case's root.")
    ]
    sha256: Annotated[Sha256, Field(description="SHA-256 of the file, 64 hex digits.")]


class Decoder(Value):
    """How raw outputs become predictions; a built-in decoder and its parameters, as deployed."""

    name: Annotated[str, Field(description="Built-in decoder: center, boxes, softmax.")]
    parameters: Annotated[dict[str, Any], Field(description="Parameters of the decoder.")] = {}


class Preprocessing(Value):
    """How an 8-bit RGB image becomes the input tensor: `(pixel * scale - mean) / std`, axes as given."""

    layout: Annotated[Literal["NCHW", "NHWC"], Field(description="Axis order of the input.")] = "NCHW"
    channels: Annotated[Literal["RGB", "BGR", "gray"], Field(description="Channel order.")] = "RGB"
    scale: Annotated[float, Field(description="Factor on the 0..255 pixel value.")] = 1 / 255
    mean: Annotated[tuple[float, ...], Field(strict=False, description="Subtracted a channel, after scaling.")] = ()
    std: Annotated[tuple[float, ...], Field(strict=False, description="Divided by, a channel.")] = ()


class ModelCard(Node):
    """A model: its file and digest, task, interface, training data, intended use, limits and ethics."""

    type: Literal["model_card"]
    file: ModelFile
    external: Annotated[
        tuple[WeightFile, ...],
        Field(
            strict=False,
            description="Every file in which the model file keeps weights outside of itself (ONNX external data), each "
            "pinned. A model with such a file that is not listed here is not run.",
        ),
    ] = ()
    signature: Annotated[
        RelPath | None,
        Field(description="OpenSSF model signature (Sigstore bundle) of the file, and of those of `external` with it."),
    ] = None
    version: Annotated[str, Field(min_length=1, description="Version of the model, as text.")]
    task: Annotated[Literal["detection", "classification"], Field(description="What the model does.")]
    classes: Annotated[
        tuple[str, ...], Field(strict=False, description="Class names in the order of the outputs.")
    ] = ()
    inputs: Annotated[tuple[Tensor, ...], Field(strict=False, min_length=1, description="Inputs.")]
    outputs: Annotated[tuple[Tensor, ...], Field(strict=False, min_length=1, description="Outputs.")]
    preprocessing: Annotated[Preprocessing, Field(description="From image to input tensor.")] = Preprocessing()
    decoder: Annotated[Decoder | None, Field(description="From outputs to predictions.")] = None
    precision: Annotated[
        Literal["float32", "float16", "int8"], Field(description="Arithmetic of the deployed weights.")
    ] = "float32"
    trained_on: Annotated[
        tuple[LinkId, ...], Link.to("dataset"), Field(strict=False, description="Datasets used in development.")
    ] = ()
    derived_from: Annotated[
        LinkId | None, Link.to("model_card"), Field(description="Parent model, such as the float parent of a quantised one.")
    ] = None  # fmt: skip
    deployed_on: Annotated[str | None, Field(description="Target hardware and runtime.")] = None
    intended_use: Annotated[Text, Field(description="What the model is for, and for whom.")]
    limits: Annotated[
        tuple[Text, ...], Field(strict=False, description="Known limits and uses that are out of scope.")
    ] = ()
    ethical_considerations: Annotated[
        tuple[Text, ...], Field(strict=False, description="Risks to people and how they are met.")
    ] = ()
    licence: Annotated[str | None, Field(description="SPDX licence expression.")] = None

    light: ClassVar[tuple[str, ...]] = ("file", "precision", "version")

    def locations(self) -> tuple[tuple[str, WeightFile], ...]:
        """Return the files of `external` by their location, as the model names them: relative to the model file's folder.

        For a file that does not lie below that folder it is what no model may name: a path that begins with `/` or `..`.
        """
        folder = posixpath.dirname(posixpath.normpath(self.file.path))
        inside = f"{folder}/" if folder else ""
        made: list[tuple[str, WeightFile]] = []
        for one in self.external:
            path = posixpath.normpath(one.path)
            made.append((path.removeprefix(inside) if path.startswith(inside) else f"/{path}", one))
        return tuple(made)


class Split(Value):
    """One split of a dataset and what it is for (AMLAS N, O, P)."""

    name: Annotated[str, Field(min_length=1, description="Name in the manifest.")]
    purpose: Annotated[
        Literal["development", "calibration", "internal_test", "verification", "field"],
        Field(description="What the split is for."),
    ]
    size: Annotated[int, Field(ge=1, description="Number of items.")]


class Manifest(Value):
    """A manifest file (JSON Lines, an item a line) and the digest that pins it."""

    path: Annotated[
        RelPath,
        Field(description="Manifest, relative to the case's root; file names in it are relative to its folder."),
    ]
    sha256: Annotated[Sha256, Field(description="SHA-256 of the manifest, 64 hex digits.")]


class Dataset(Node):
    """Data with its manifest digest, splits, provenance and licence."""

    type: Literal["dataset"]
    statement: Annotated[Text, Field(description="What the data are.")]
    version: Annotated[str, Field(min_length=1, description="Version of the dataset, as text.")]
    manifest: Manifest
    splits: Annotated[tuple[Split, ...], Field(strict=False, min_length=1, description="Its splits.")]
    slices: Annotated[tuple[str, ...], Field(strict=False, description="Named slices that evidence reports.")] = ()
    covers: Annotated[
        tuple[LinkId, ...], Link.to("odd"), Field(strict=False, description="Operational design domain it stands for.")
    ] = ()
    disjoint_from: Annotated[
        tuple[LinkId, ...], Link.to("dataset"), Field(strict=False, description="Datasets with which it must share no item.")
    ] = ()  # fmt: skip
    provenance: Annotated[Text | None, Field(description="Where, when and how the data were gained.")] = None
    labelling: Annotated[Text | None, Field(description="How and by whom it was labelled, and by which rules.")] = None
    licence: Annotated[str | None, Field(description="SPDX licence expression.")] = None

    light: ClassVar[tuple[str, ...]] = ("manifest", "splits")


class Evidence(Node):
    """The plan of one piece of evidence: what to run, on what, for which requirements, and who must sign."""

    type: Literal["evidence"]
    generator: Annotated[
        str,
        Field(min_length=1, description="Generator to run, such as `validation`; `casework try --help` lists them."),
    ]
    subject: Annotated[
        LinkId, Link.to("model_card", "dataset"), Field(description="Model (or dataset) that is examined.")
    ]
    data: Annotated[LinkId | None, Link.to("dataset"), Field(description="Dataset to run on.")] = None
    split: Annotated[str | None, Field(description="Split of the dataset; all that are stored if omitted.")] = None
    against: Annotated[
        LinkId | None, Link.to("model_card", "dataset"), Field(description="Reference to compare with: float parent, or development data.")
    ] = None  # fmt: skip
    options: Annotated[dict[str, Any], Field(description="Options of the generator.")] = {}
    seed: Annotated[int, Field(ge=0, lt=2**53, description="Seed of everything random.")] = 0
    verifies: Annotated[
        tuple[LinkId, ...], Link.to("requirement"), Field(strict=False, description="Requirements that the result speaks for.")
    ] = ()  # fmt: skip
    max_age_days: Annotated[int | None, Field(ge=1, description="Oldest age at which the result still counts.")] = None
    signed_by: Annotated[tuple[str, ...], Field(strict=False, description="Roles of which each must have signed.")] = ()

    light: ClassVar[tuple[str, ...]] = ("generator", "max_age_days")
