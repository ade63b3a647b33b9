"""JSON Schemas of every file that people write, and of every statement that is signed, for editors and for other tools."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from casework.model.act import ActStatement
from casework.model.policy import TrustPolicy
from casework.model.project import Project
from casework.model.release import ReleaseManifest, ReleaseStatement, SvrStatement
from casework.model.result import ResultRecord
from casework.model.vocabulary import NODE_TYPES, links_of

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, str]:
    """Return every schema as text, by file name: one a node type, `node` for a file of nodes, and the others."""
    made = {name: _model(cls, name) for name, cls in NODE_TYPES.items()}
    made["node"] = _node_file(made)
    made["casework"] = _model(Project, "casework")
    made["trust-policy"] = _model(TrustPolicy, "trust-policy")
    made["evidence-result"] = _model(ResultRecord, "evidence-result")
    made["act"] = _model(ActStatement, "act")
    made["release"] = _model(ReleaseStatement, "release")
    made["release-manifest"] = _model(ReleaseManifest, "release-manifest")
    made["svr"] = _model(SvrStatement, "svr")
    return {
        f"{name}.schema.json": json.dumps(value, indent=2, ensure_ascii=False) + "\n"
        for name, value in sorted(made.items())
    }


def _model(cls: type[BaseModel], name: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"$schema": _DIALECT, "$id": f"https://casework.dev/schemas/{name}.schema.json"}
    schema.update(cls.model_json_schema(by_alias=True))
    schema["title"] = name
    _describe(schema, name)
    return schema


def _describe(schema: dict[str, Any], name: str) -> None:
    """Give every property a description, and links the types that they may name."""
    links = links_of(name) if name in NODE_TYPES else {}
    for field, prop in schema.get("properties", {}).items():
        if field == "type":
            prop["description"] = "Type of the node."
        if field in links:
            names = ", ".join(links[field].targets)
            prop["description"] = f"{prop.get('description', '')} Links to: {names}.".strip()
    for holder in (schema, *schema.get("$defs", {}).values()):
        for field, prop in holder.get("properties", {}).items():
            if "description" not in prop:
                target = prop.get("$ref", "").rpartition("/")[2]
                text = schema.get("$defs", {}).get(target, {}).get("description", "")
                prop["description"] = text or f"{field.replace('_', ' ').capitalize()}."
            prop.pop("title", None)


def _node_file(models: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the schema of a node file: one node or a list of nodes, told apart by `type`."""
    definitions: dict[str, Any] = {}
    for name in NODE_TYPES:
        schema = dict(models[name])
        definitions.update(schema.pop("$defs", {}))
        definitions[f"node_{name}"] = {k: v for k, v in schema.items() if not k.startswith("$")}
    branches = [
        {
            "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
            "then": {"$ref": f"#/$defs/node_{name}"},
        }
        for name in NODE_TYPES
    ]
    definitions["node"] = {
        "type": "object",
        "required": ["type", "id"],
        "properties": {"type": {"enum": list(NODE_TYPES), "description": "Type of the node."}},
        "allOf": branches,
    }
    return {
        "$schema": _DIALECT,
        "$id": "https://casework.dev/schemas/node.schema.json",
        "title": "node",
        "description": "A file of nodes: one node, or a list of nodes.",
        "oneOf": [{"$ref": "#/$defs/node"}, {"type": "array", "items": {"$ref": "#/$defs/node"}}],
        "$defs": definitions,
    }
