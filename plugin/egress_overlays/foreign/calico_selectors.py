"""Which NetworkSets the destination of a Calico rule selects, by the expressions that people write for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .values import Map, mapping, text

if TYPE_CHECKING:
    from .files import Item

_EQUAL = re.compile(r"""([\w./-]+)\s*(==|=|!=)\s*["']([^"']*)["']""")
_IN = re.compile(r"""([\w./-]+)\s+(not\s+in|in)\s*\{([^}]*)\}""")
_HAS = re.compile(r"(!?)\s*has\(\s*([\w./-]+)\s*\)")


def matches(policy: Item, destination: Map, one: Item) -> bool | None:
    """Whether the rule of `policy` selects the set `one`; None where its selector cannot be told."""
    selector, spaces = text(destination, "selector"), text(destination, "namespaceSelector")
    if not selector and not spaces:
        return False
    if one.kind == "NetworkSet":
        if policy.kind == "NetworkPolicy" and not spaces and policy.namespace != one.namespace:
            return False
        if spaces not in ("", "all()"):
            return False if spaces == "global()" else None
    elif policy.kind == "NetworkPolicy" and spaces not in ("global()", ""):
        return False if spaces == "all()" or "global()" not in spaces else None
    elif policy.kind == "NetworkPolicy" and not spaces:
        return False
    return holds(selector, {key: str(value) for key, value in mapping(one.value, "metadata", "labels").items()})


def holds(selector: str, labels: dict[str, str]) -> bool | None:
    """Whether `selector` is true of `labels`; None where it is not one of the forms that are read here."""
    if "||" in selector or "(" in re.sub(r"has\(|all\(\)|global\(\)", "", selector):
        return None
    found = [_term(one.strip(), labels) for one in selector.split("&&")]
    return None if None in found else all(found)


def _term(term: str, labels: dict[str, str]) -> bool | None:
    if term in ("", "all()"):
        return True
    if equal := _EQUAL.fullmatch(term):
        return (labels.get(equal[1]) == equal[3]) == (equal[2] != "!=")
    if within := _IN.fullmatch(term):
        values = re.findall(r"""["']([^"']*)["']""", within[3])
        return (labels.get(within[1]) in values) == (within[2] == "in")
    if has := _HAS.fullmatch(term):
        return (has[2] in labels) != bool(has[1])
    return None
