"""Writes JSON that is read by people and compared line by line."""

import json


def json_file(value) -> bytes:
    return (pretty(value) + "\n").encode()


def pretty(value, indent=""):
    """Writes JSON with whatever fits a line on one line, and lists of plain values always."""
    compact = json.dumps(value)
    scalars = isinstance(value, list) and not any(isinstance(item, (list, dict)) for item in value)
    if scalars or not isinstance(value, (list, dict)) or len(indent) + len(compact) <= 120:
        return compact
    deeper = indent + "  "
    if isinstance(value, list):
        items, brackets = [pretty(item, deeper) for item in value], "[]"
    else:
        items, brackets = [f"{json.dumps(key)}: {pretty(item, deeper)}" for key, item in value.items()], "{}"
    return brackets[0] + "\n" + ",\n".join(deeper + item for item in items) + "\n" + indent + brackets[1]
