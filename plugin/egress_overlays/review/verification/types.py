"""Rules for the types of fields: what is of another one is refused by the API server, and cannot be judged here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...rendered.workloads import is_istio
from ...sites import site_of
from .fault import fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...manifest.edits import Path
    from ...rendered.rendered import Rendered
    from .fault import Faults, Options

# Of the Gateway that asks for certificates, which holds no names (Istio, networking.istio.io).
_GATEWAY: dict[str, Any] = {
    "selector": {},
    "servers": [{"port": {"protocol": "text"}, "hosts": ["text"], "tls": {"mode": "text"}}],
}
_METADATA = {"name": "text", "namespace": "text"}
_WORDS: dict[type, str] = {dict: "a mapping", list: "a list", str: "text"}


def rule(found: Rendered, _options: Options) -> Faults:
    """The fields of Istio's objects that are of another type."""
    for resource in found.resources:
        site = site_of(resource)
        if site is not None and site.fields is not None:
            spec = site.fields()
        elif is_istio(resource, "Gateway"):
            spec = _GATEWAY
        else:
            continue
        for path, kind in _other(resource.value, {"metadata": _METADATA, "spec": spec}, ()):
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
