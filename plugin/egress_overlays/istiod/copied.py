"""What Kustomize copies from the gateway for TLS to that for plain HTTP: refused addresses, how names are resolved.

Both must be what the gateway for TLS has, so that a known part holds words in their place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from .free import text

_OF_HTTP = re.compile(r"^(?:port_[0-9]+_)?http_")
_NOT_GLOBAL = "not-global"  # the policy of base/ that refuses addresses


def differing(listeners: list[dict[str, Any]], clusters: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], str]]:
    """Each listener or cluster for plain HTTP that has not what the gateway for TLS has, and what that is.

    `learned` alone leaves out what anybody may set, such as ranges of one's own that are refused.
    """
    everything = [*clusters, *listeners]
    http = [one for one in everything if _OF_HTTP.search(str(one.get("name")))]
    known: dict[str, Any] = {}
    for one in everything:
        if one not in http:
            _learn(one, known)
    for one in http:
        own: dict[str, Any] = {}
        _learn(one, own)
        yield from ((one, word) for word, value in own.items() if value != known.get(word))


def learned(parts: Iterable[str]) -> dict[str, Any]:
    """What stands for each word in `parts` of a gateway, clusters and filters."""
    found: dict[str, Any] = {}
    for part in parts:
        _learn(json.loads(part), found)
    return found


def put(part: str, known: dict[str, Any]) -> str:
    """`part` with what is `known` in the place of each word."""

    def filled(node: Any) -> Any:
        if isinstance(node, list):
            return [filled(child) for child in node]
        if isinstance(node, dict):
            return {key: filled(child) for key, child in node.items()}
        return known.get(node, node) if isinstance(node, str) else node

    return text(filled(json.loads(part)))


def take(part: str) -> str:
    """`part` with a word in the place of each copy."""

    def bare(node: Any) -> Any:
        if isinstance(node, list):
            return [bare(child) for child in node]
        if isinstance(node, dict):
            return {key: _word(key, child) or bare(child) for key, child in node.items()}
        return node

    return text(bare(json.loads(part)))


def _learn(node: Any, found: dict[str, Any]) -> None:
    for key, child in node.items() if isinstance(node, dict) else enumerate(node if isinstance(node, list) else ()):
        word = _word(str(key), child)
        if word:
            found.setdefault(word, child)
        else:
            _learn(child, found)


def _word(key: str, value: Any) -> str:
    if key == "rules" and isinstance(value, dict) and _NOT_GLOBAL in (value.get("policies") or {}):
        return "<rules for addresses>"
    return "<cache of names>" if key == "dns_cache_config" else ""
