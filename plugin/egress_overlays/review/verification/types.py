"""Rules for the types of fields: what is of another one is refused by the API server, and cannot be judged here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...sites import GROUP
from .fault import fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...manifest.edits import Path
    from ...rendered.rendered import Rendered
    from .fault import Faults, Options

_TEXTS = ["text"]
_LABELS: dict[str, Any] = {"labels": {}}
# The fields that the other rules read (Istio, networking.istio.io): a mapping with these, a list of these, or text.
_SPECS: dict[str, Any] = {
    "EnvoyFilter": {
        "workloadSelector": _LABELS,
        "configPatches": [
            {
                "applyTo": "text",
                "match": {"context": "text", "listener": {"name": "text", "filterChain": {"filter": {"name": "text"}}}},
                "patch": {"operation": "text", "value": {}},
            }
        ],
    },
    "Gateway": {
        "selector": {},
        "servers": [{"port": {"protocol": "text"}, "hosts": _TEXTS, "tls": {"mode": "text"}}],
    },
    "ServiceEntry": {"exportTo": _TEXTS, "ports": [{"protocol": "text"}]},
    "VirtualService": {
        "gateways": _TEXTS,
        "exportTo": _TEXTS,
        "tls": [{"match": [{"gateways": _TEXTS}], "route": [{"destination": {"host": "text"}}]}],
        "tcp": [{"match": [{"gateways": _TEXTS}], "route": [{"destination": {"host": "text"}}]}],
    },
}
_METADATA = {"name": "text", "namespace": "text"}
_WORDS: dict[type, str] = {dict: "a mapping", list: "a list", str: "text"}


def rule(found: Rendered, _options: Options) -> Faults:
    """The fields of Istio's objects that are of another type."""
    for resource in found.resources:
        if resource.kind in _SPECS and resource.group == GROUP:
            wanted = {"metadata": _METADATA, "spec": _SPECS[resource.kind]}
            for path, kind in _other(resource.value, wanted, ()):
                yield fault("type", f"must be {_WORDS[kind]}; the API server refuses it", resource, path)


def _other(value: Any, wanted: Any, path: Path) -> Iterator[tuple[Path, type]]:
    """The paths below `path` of `value` that are of another type than `wanted`, and the type that they should have."""
    kind = type(wanted)
    if value is None:
        return
    if not isinstance(value, kind):
        yield path, kind
    elif kind is list:
        for index, item in enumerate(value):
            yield from _other(item, wanted[0], (*path, index))
    elif kind is dict:
        for key, below in wanted.items():
            yield from _other(value.get(key), below, (*path, key))
