"""A plan carried out on values, for the library; the function edits texts, see `document`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..manifest.findings import has_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..manifest.resource import Resource
    from . import Plan


def apply(resources: Sequence[Resource], result: Plan) -> list[dict[str, object]]:
    """The values of `resources` with `result` carried out, in order, further objects after their first: plain data.

    Raises ValueError where `result` holds an error: there is nothing safe to carry out then.
    """
    if has_errors(result.findings):
        raise ValueError("a plan with errors cannot be applied")
    values = []
    for index, resource in enumerate(resources):
        if index in result.removed:
            continue
        values.append(_plain(resource.edited(result.edits.get(index, {}))))
        values += [_plain(resource.edited(edits)) for edits in result.copies.get(index, ())]
    return values


def _plain(value: Any) -> Any:
    """`value` in built-in types alone: writers of YAML refuse subclasses of str, as every Domain is."""
    if isinstance(value, dict):
        return {_plain(key): _plain(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_plain(child) for child in value]
    return str(value) if isinstance(value, str) else value
