"""The keys of a text in JSON, as `kubectl get -o json` writes it: shown by the standard library's parser.

ruamel.yaml, which shows them in any style, takes many times as long.
"""

from __future__ import annotations

import json
from typing import Any


def shows(text: str, value: dict[str, Any]) -> bool:
    """Whether `text` is JSON that says `value`, no key of a mapping stands twice, and none could be a merge key."""
    try:
        return bool(json.loads(text, object_pairs_hook=_of_pairs) == value)
    except ValueError:
        return False


def _of_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs) or "<<" in found:
        raise ValueError
    return found
