"""Changes of rendered gateways, one at a time: a field or an item removed, changed or inserted."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import builds
from egress_overlays.istiod.gateway import TCP_PROXY
from egress_overlays.rendered.building import built

Message = dict[str, Any]
KINDS = ("EnvoyFilter", "Gateway", "VirtualService", "DestinationRule", "Deployment", "NetworkPolicy")
TYPE = "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
FORWARDER = "dynamic_forward_proxy_cluster"
NAMES = ("example.com", "*.example.org")
OTHER = {
    "ALLOW": "DENY",
    "DENY": "ALLOW",
    "ISTIO_MUTUAL": "SIMPLE",
    "ADD": "MERGE",
    "MERGE": "ADD",
    "Egress": "Ingress",
}


class Mutant(NamedTuple):
    """One change: in the object `number` of the tree `tree`, at `path`; `value` None takes it away."""

    tree: str
    number: int
    path: tuple[Any, ...]
    what: str
    value: Any


@cache
def tree(name: str) -> list[Message]:
    """The manifests of an overlay, or of base/ with the components `name`, parted by commas."""
    if (builds.ROOT / name).is_dir():
        return [one.value for one in built(str(builds.ROOT / name)).resources]
    with tempfile.TemporaryDirectory() as made:
        directory = builds.overlay(Path(made).resolve(), tuple(name.split(",")), NAMES)
        return [one.value for one in built(str(directory)).resources]


def mutants(name: str) -> Iterator[Mutant]:
    """Every mutant of a tree."""
    resources = tree(name)
    donors: dict[str, Message] = {}
    for resource in resources:
        for path, value in _parts(resource, ()):
            if isinstance(value, dict):
                donors.setdefault(_key(path), {}).update(value)
    for index, resource in enumerate(resources):
        if resource["kind"] not in KINDS:
            continue
        yield Mutant(name, index, (), "without the object", None)
        for path, value in _parts(resource, ()):
            if path[:1] not in (("spec",), ("metadata",)) or (
                resource["kind"] == "Deployment" and path[:4] != ("spec", "template", "metadata", "labels")
            ):
                continue
            yield Mutant(name, index, path, "without it", None)
            for other in _others(value, donors.get(_key(path), {})):
                yield Mutant(name, index, path, f"as {json.dumps(other)[:90]}", other)


def _key(path: tuple[Any, ...]) -> str:
    return next((step for step in reversed(path) if isinstance(step, str)), "")


def _parts(node: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if path:
        yield path, node
    for key, child in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from _parts(child, (*path, key))


def _others(value: Any, donor: Message) -> Iterator[Any]:
    """Other values for `value`; a mapping gains each field that one under the same key has elsewhere."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (0, value + 1)
    elif isinstance(value, str):
        yield from (OTHER.get(value, f"{value}x"), "*")
    elif isinstance(value, list):
        yield from ([], value[::-1], [*value, *value[:1]]) if len(value) > 1 else ([], [*value, *value])
        if value and isinstance(value[0], dict) and "typed_config" in value[0]:
            yield [{"name": TCP_PROXY, "typed_config": {"@type": TYPE, "stat_prefix": "m", "cluster": FORWARDER}}]
        if value and isinstance(value[0], str):
            yield [*value, "mutant.example"]
    elif isinstance(value, dict):
        yield from ({**value, field: more} for field, more in donor.items() if field not in value)


def changed(mutant: Mutant) -> list[Message]:
    """The manifests with the change."""
    resources = list(tree(mutant.tree))
    if not mutant.path:
        del resources[mutant.number]
        return resources
    top = resources[mutant.number] = json.loads(json.dumps(resources[mutant.number]))
    *way, last = mutant.path
    for step in way:
        top = top[step]
    if mutant.value is None:
        del top[last]
    else:
        top[last] = mutant.value
    return resources


def title(mutant: Mutant) -> str:
    """Where and what."""
    one = tree(mutant.tree)[mutant.number]
    return f"{mutant.tree}: {one['kind']} {one['metadata']['name']}: {'.'.join(map(str, mutant.path))} {mutant.what}"
