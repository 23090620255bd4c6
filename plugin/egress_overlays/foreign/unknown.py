"""Objects that no format takes: one that can hold names of egress is named, a domains ConfigMap is, the rest is not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..manifest.resource import KIND, SET_LABEL
from . import trees
from .found import Note, left, remark
from .values import Map, Text, mapping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .files import Item

# Kinds that are about traffic that leaves, by what their names say; and keys under which names stand in such.
_KIND = re.compile(r"egress|polic|firewall|fqdn|rulegroup|networkset|allowlist|whitelist|proxy|sandbox", re.IGNORECASE)
_KEY = re.compile(
    r"(to|allowed|egress|remote|match|dns|domain|host|server|target|destination)?-?_?"
    r"(fqdns?|domains?|domainnames?|dnsnames?|hosts?|hostnames?|names?|patterns?|endpoints|targets)",
    re.IGNORECASE,
)
_NAME = re.compile(r"(\*\.|\.)?([a-z0-9-]+\.)+[a-z]{2,}\.?", re.IGNORECASE)
_INSIDE = (".svc", ".local", ".cluster.local")


def unknown(item: Item) -> Iterator[Note]:
    """What is to be said of `item`."""
    if item.kind in ("ConfigMap", KIND):
        labels = mapping(item.value, "metadata", "labels")
        if SET_LABEL in labels:
            yield remark(item.place, f"{item.title} is a domains ConfigMap already: list it under resources as it is")
        return
    if not item.kind and not item.file.asked_for:
        return
    if item.kind and not _KIND.search(item.kind):
        return
    found = next(_names(item.value.get("spec", item.value)), None)
    if found is not None:
        what = item.kind or f"this {_language(item)}"
        words = f'{what} is not known to import, and holds "{found}"; --at KEY.PATH reads a list of names'
        yield left(found.place, words, found)
    elif not item.kind:
        yield left(
            item.place, f"is {_language(item)} of no format that import knows; --at KEY.PATH reads a list of names"
        )


def _language(item: Item) -> str:
    named = {"hcl": "HCL", "bicep": "Bicep"}
    return named.get(trees.language(item.file.key, item.file.text), "YAML")


def _names(value: Any, key: str = "") -> Iterator[Text]:
    """The texts that look like names of the outside, under keys for such."""
    if isinstance(value, Map):
        for one, child in value.items():
            yield from _names(child, one)
    elif isinstance(value, list):
        for child in value:
            yield from _names(child, key)
    elif isinstance(value, Text) and _KEY.fullmatch(key) and _NAME.fullmatch(value) and not value.endswith(_INSIDE):
        yield value
