"""A plan carried out on values, for the library; the function edits texts, see `document`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..manifest.edits import edited
from ..manifest.findings import has_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..manifest.resource import Resource
    from .plan import Plan


def apply(resources: Sequence[Resource], result: Plan) -> list[dict[str, object]]:
    """The values of `resources` with `result` carried out, in order, further ServiceEntries after their first.

    Raises ValueError where `result` holds an error: there is nothing safe to carry out then.
    """
    if has_errors(result.findings):
        raise ValueError("a plan with errors cannot be applied")
    values = []
    for index, resource in enumerate(resources):
        if index in result.removed:
            continue
        values.append(edited(resource.value, result.edits.get(index, {})))
        values += [edited(resource.value, edits) for edits in result.copies.get(index, ())]
    return values
