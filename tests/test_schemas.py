"""The generated schemas: current, complete, and of use to an editor."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from casework.exchange.json_schema import schemas
from casework.model.vocabulary import NODE_TYPES

FOLDER = Path(__file__).resolve().parents[1] / "schemas"
MADE = schemas()


@pytest.mark.parametrize("name", sorted(MADE))
def test_schema_file_is_current(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == MADE[name], "run `casework schema --folder schemas`"


@pytest.mark.parametrize("name", sorted(MADE))
def test_every_property_is_described(name: str) -> None:
    schema = json.loads(MADE[name])
    jsonschema.Draft202012Validator.check_schema(schema)
    for holder in (schema, *schema.get("$defs", {}).values()):
        for field, prop in holder.get("properties", {}).items():
            assert prop.get("description"), f"{name}: {field}"


def test_node_schema_accepts_good_nodes_and_points_at_bad_fields() -> None:
    validator = jsonschema.Draft202012Validator(json.loads(MADE["node.schema.json"]))
    good = {"type": "requirement", "id": "REQ-1", "level": "ml", "statement": "It shall."}
    assert list(validator.iter_errors([good])) == []
    assert list(validator.iter_errors({**good, "levle": "ml"})) != []
    assert list(validator.iter_errors({"type": "nothing", "id": "X"})) != []


def test_every_node_type_has_a_schema() -> None:
    assert {f"{name}.schema.json" for name in NODE_TYPES} <= MADE.keys()
