"""The JSON Schema of scene files, for completion and hover text in editors."""

from __future__ import annotations

import json
from typing import Any

from worldgen.spec import Scene


def scene_schema() -> dict[str, Any]:
    """The schema in the dialect that editors read (draft 7)."""
    raw = Scene.model_json_schema(by_alias=True, ref_template="#/definitions/{model}")
    schema: dict[str, Any] = _draft7(raw)
    schema["definitions"] = schema.pop("$defs")
    schema["patternProperties"] = {"^x-": {"description": "The author's own: templates for YAML anchors."}}
    return {"$schema": "http://json-schema.org/draft-07/schema#", **schema}


def schema_text() -> str:
    """What ``scenes/scene.schema.json`` holds."""
    return json.dumps(scene_schema(), indent=1, ensure_ascii=False) + "\n"


def _draft7(node: Any) -> Any:
    if isinstance(node, list):
        return [_draft7(item) for item in node]
    if not isinstance(node, dict):
        return node
    result = {key: _draft7(value) for key, value in node.items()}
    if isinstance(result.get("type"), str) and "prefixItems" in result:
        result["items"] = result.pop("prefixItems")
    if "$ref" in result and len(result) > 1:  # draft 7 ignores what stands beside a reference
        result["allOf"] = [{"$ref": result.pop("$ref")}]
    # Default values are those of the program (metres, radians), not what a file would say.
    if isinstance(result.get("properties"), dict):
        for field in result["properties"].values():
            field.pop("default", None)
            field.pop("title", None)
    return result


if __name__ == "__main__":  # python -m worldgen.schema > scenes/scene.schema.json
    print(schema_text(), end="")
