"""Exact names and wildcards in filter chains of their own, in one listener; loaded where an EnvoyFilter asks for that.

Chains called `exact`, with a number behind it or none, are for the exact names of the set, others for the wildcards.
"""

from __future__ import annotations

from ..manifest.edits import at
from ..manifest.resource import APART, EXACT, NAMES_ANNOTATION, WILDCARDS
from ..names.domain import PLACEHOLDER, SECOND_PLACEHOLDER
from .site import BadPlace, Form, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .site import Found

_WILDCARDS = Form(str, lambda entry: PLACEHOLDER if entry == SECOND_PLACEHOLDER else str(entry))


def divide(value: dict[str, Any], found: Found) -> None:
    """Tell each list of `found` which names it takes; a fault where no chain takes some of them."""
    places = [place for place in found if isinstance(place, Place)]
    for place in places:
        chain: Any = at(value, place.path[:-2])
        name = str(chain.get("name"))
        place.part = EXACT if name.rstrip("0123456789").removesuffix("-") == EXACT else WILDCARDS
        if place.part == WILDCARDS:
            place.form = _WILDCARDS
    parts = {place.part for place in places}
    if len(parts) == 1:
        lacking = "no filter chain" if parts == {WILDCARDS} else "filter chains alone that are"
        reason = (
            f"is {APART}, and {lacking} called {EXACT}, so that some names would be lost; take the annotation away, "
            f"or name the chain of exact names {EXACT} and the other one something else"
        )
        found.append(BadPlace(("metadata", "annotations", NAMES_ANNOTATION), reason))
