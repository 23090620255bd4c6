"""A pod that a controller has made, beside the template that it was made of.

Istio's webhook adds containers and fields of its own, which are known by name; what else is there was put in later.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..manifest.fields import mapping, mappings, text, texts
from .pods import PROXY

_INJECTED = {PROXY, "istio-init", "istio-validation"}
_PLACES = ("initContainers", "containers")
_FIELDS = ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "serviceAccountName", "hostAliases")


def differences(pod: Any, template: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Where the spec of a pod says something else than that of its template: the path, and the words."""
    for index, container in mappings(pod, "ephemeralContainers"):
        yield ("ephemeralContainers", index), f"runs the container {text(container, 'name')}, put into it for debugging"
    for field in _PLACES:
        made_of = {text(one, "name"): one for _, one in mappings(template, field)}
        for index, container in mappings(pod, field):
            yield from _container(container, made_of, (field, index))
    for field in _FIELDS:
        mine, theirs = mapping({"": pod}, "").get(field), mapping({"": template}, "").get(field)
        if (mine or None) != (theirs or None):
            yield (field,), f"has another {field} than its template"
    if texts(mapping(pod, "dnsConfig"), "nameservers") != texts(mapping(template, "dnsConfig"), "nameservers"):
        yield ("dnsConfig",), "asks other name servers than its template"


def _container(
    container: dict[str, Any], made_of: dict[str, Any], path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    name = text(container, "name")
    expected = made_of.get(name)
    if expected is None and name not in _INJECTED:
        yield path, f"runs the container {name}, its template does not"
        return
    if expected is not None and name != PROXY and container.get("image") != expected.get("image"):
        yield (*path, "image"), f"runs another image in {name} than its template"
    if container.get("command") != (expected or {}).get("command") and name in {PROXY, *made_of}:
        yield (*path, "command"), f"starts another program in {name} than its template"
