"""What of a gateway's pod template base/ and components/ fix, and what of it may be changed on purpose.

The list of names and addresses counts for as much as what runs in the pods: another image, a container beside the
proxy or a bootstrap of one's own is another gateway. Everything that is not named here as free must be as one of the
parts in `pods.json`, which tools/shapes.py writes from base/ and each component.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from yaml12 import parse_yaml

from ..manifest.fields import mapping, mappings, text

Message = dict[str, Any]
FILE = Path(__file__).with_name("pods.json")
PROXY = "istio-proxy"

FREE = {
    "affinity": "where pods run",
    "enableServiceLinks": "variables of the environment that nobody reads",
    "imagePullPolicy": "when an image is fetched, not which",
    "imagePullSecrets": "how an image is fetched, not which",
    "nodeSelector": "where pods run",
    "os": "where pods run",
    "overhead": "how much pods take",
    "preemptionPolicy": "which pods go first",
    "priority": "which pods go first",
    "priorityClassName": "which pods go first",
    "resources": "how much pods take",
    "runtimeClassName": "how pods are kept apart",
    "schedulerName": "where pods run",
    "schedulingGates": "when pods run",
    "terminationGracePeriodSeconds": "how long pods may take to end",
    "terminationMessagePath": "where a last word is written",
    "terminationMessagePolicy": "where a last word is written",
    "tolerations": "where pods run",
    "topologySpreadConstraints": "where pods run",
}
"""Fields of a pod and of its containers that may have any value, and why."""

FREE_ENVIRONMENT = {
    "EXIT_ON_ZERO_ACTIVE_CONNECTIONS": "how long pods take to end",
    "GOMAXPROCS": "how much pilot-agent takes",
    "GOMEMLIMIT": "how much pilot-agent takes",
    "MINIMUM_DRAIN_DURATION": "how long pods take to end",
    "TERMINATION_DRAIN_DURATION_SECONDS": "how long pods take to end",
}
"""Variables of pilot-agent that may have any value, and why (Istio, pilot-agent)."""

FREE_METADATA = {
    "istio.io/rev": "which control plane serves the pods",
    "prometheus.istio.io/merge-metrics": "what is measured",
    "service.istio.io/canonical-name": "a name in statistics",
    "service.istio.io/canonical-revision": "a name in statistics",
    "sidecar.istio.io/agentLogLevel": "what is logged",
    "sidecar.istio.io/componentLogLevel": "what is logged",
    "sidecar.istio.io/extraStatTags": "what is measured",
    "sidecar.istio.io/logLevel": "what is logged",
    "sidecar.istio.io/proxyCPU": "how much pods take",
    "sidecar.istio.io/proxyCPULimit": "how much pods take",
    "sidecar.istio.io/proxyMemory": "how much pods take",
    "sidecar.istio.io/proxyMemoryLimit": "how much pods take",
    "sidecar.istio.io/statsHistogramBuckets": "what is measured",
    "sidecar.istio.io/statsInclusionPrefixes": "what is measured",
    "sidecar.istio.io/statsInclusionRegexps": "what is measured",
    "sidecar.istio.io/statsInclusionSuffixes": "what is measured",
}
"""Istio's labels and annotations that may have any value, and why (Istio, Resource Labels and Annotations)."""

FREE_CONFIGURATION = {
    "concurrency": "how many threads, not what they do",
    "drainDuration": "how long pods take to end",
    "extraStatTags": "what is measured",
    "holdApplicationUntilProxyStarts": "when pods are ready",
    "proxyStatsMatcher": "what is measured",
    "runtimeValues": "limits of how much; base/ has the one for connections",
    "statNameLength": "a name in statistics",
    "terminationDrainDuration": "how long pods take to end",
    "tracing": "what is measured",
}
"""Fields of the annotation proxy.istio.io/config that may have any value, and why (Istio, ProxyConfig)."""

_CONFIG = "proxy.istio.io/config"
_GUARDED = re.compile(
    r".*istio\.io/.*|(?=.*/).*(?:apparmor|cilium|cni|dapr|inject|kuma|linkerd|mesh|multus|network|ovn|seccomp|sysctl).*"
)
"""Labels and annotations of these count: networks, rights, and what others put into pods; the rest is people's own."""
_RUNTIME = "overload."
_DEFAULTS: tuple[tuple[str, Any], ...] = (
    ("dnsPolicy", "ClusterFirst"),
    ("restartPolicy", "Always"),
    ("hostPID", False),
    ("hostIPC", False),
    ("shareProcessNamespace", False),
    ("defaultMode", 420),
)
"""What the API server writes into a field that has nothing (Kubernetes, PodSpec), for live objects."""
_PORT = {"name", "containerPort", "protocol"}
_SPLIT = {"name", "ports", "env", "volumeMounts"}
_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")

Key = tuple[str, ...]


class Part(NamedTuple):
    """One thing that a template says: `key` names it, `path` is where it stands in the template."""

    key: Key
    path: tuple[str | int, ...]
    value: Any

    @property
    def title(self) -> str:
        """As a person reads it."""
        return ".".join(self.key)


def parts(template: Any) -> Iterator[Part]:
    """What a pod template says, without what is free and what the API server adds."""
    metadata = mapping(template, "metadata")
    for field in ("labels", "annotations"):
        for name, value in mapping(metadata, field).items():
            if name == _CONFIG:
                yield from _configuration(value)
            elif _GUARDED.fullmatch(str(name)) and name not in FREE_METADATA:
                yield Part((field, str(name)), ("metadata", field, name), value)
    yield from _of_spec(mapping(template, "spec"))


def _of_spec(spec: Message) -> Iterator[Part]:
    for field, value in spec.items():
        if field in _CONTAINERS:
            yield from _containers(spec, field)
        elif field == "volumes":
            for index, volume in mappings(spec, field):
                yield Part(("volumes", text(volume, "name")), ("spec", field, index), _bare(volume))
        elif field == "serviceAccount" and value == spec.get("serviceAccountName"):
            continue  # The older name of the same field.
        elif field == "hostNetwork":
            continue  # The rule `kernel` judges it.
        elif field not in FREE and not _is_empty(field, value):
            yield Part((str(field),), ("spec", str(field)), _bare(value))


def _configuration(value: Any) -> Iterator[Part]:
    """The fields of the annotation proxy.istio.io/config, which is YAML in a text."""
    path = ("metadata", "annotations", _CONFIG)
    try:
        found = parse_yaml(str(value))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        yield Part(("annotations", _CONFIG), path, value)
        return
    for field, inner in found.items():
        strange = field == "runtimeValues" and not (
            isinstance(inner, dict) and all(str(key).startswith(_RUNTIME) for key in inner)
        )
        if field not in FREE_CONFIGURATION or strange:
            yield Part(("annotations", _CONFIG, str(field)), path, inner)


def _containers(spec: Message, field: str) -> Iterator[Part]:
    for index, container in mappings(spec, field):
        key, path = (field, text(container, "name")), ("spec", field, index)
        yield Part(key, path, True)
        yield from _node_ports(container, key, path)
        for at, variable in mappings(container, "env"):
            if text(variable, "name") not in FREE_ENVIRONMENT:
                yield Part((*key, "env", text(variable, "name")), (*path, "env", at), _bare(variable))
        for at, mount in mappings(container, "volumeMounts"):
            yield Part((*key, "volumeMounts", text(mount, "mountPath")), (*path, "volumeMounts", at), _bare(mount))
        for name, value in container.items():
            if name == "image" and key != ("containers", PROXY):
                continue  # `images:` of a kustomization says from where: components/resolver.
            if not (name in FREE or name in _SPLIT or _is_harmless(name, value) or _is_empty(name, value)):
                yield Part((*key, str(name)), (*path, str(name)), _bare(value))


def _node_ports(container: Message, key: Key, path: tuple[str | int, ...]) -> Iterator[Part]:
    """What a port says beside its number, which is for people to read: `hostPort` opens one of the node."""
    for at, port in mappings(container, "ports"):
        for field in sorted(set(port) - _PORT):
            if port[field]:
                yield Part((*key, "ports", str(field)), (*path, "ports", at, str(field)), port[field])


def _is_harmless(field: str, value: Any) -> bool:
    """A probe that runs nothing in the container, or a pause before it ends."""
    if field in _PROBES:
        return isinstance(value, dict) and "exec" not in value
    handlers = value.values() if field == "lifecycle" and isinstance(value, dict) else ()
    return bool(handlers) and all(
        isinstance(one, dict) and (set(one) == {"sleep"} or mapping(one, "exec").get("command", [""])[:1] == ["sleep"])
        for one in handlers
    )


def _is_empty(field: str, value: Any) -> bool:
    return value in (None, {}, []) or any(field == name and value == default for name, default in _DEFAULTS)


def _bare(value: Any) -> Any:
    """`value` without what the API server writes into it."""
    if isinstance(value, list):
        return [_bare(one) for one in value]
    if isinstance(value, dict):
        return {key: _bare(one) for key, one in value.items() if not _is_empty(str(key), one)}
    return value


class Known(NamedTuple):
    """The parts that base/ and components/ have: `values` of each key, and the keys that no template is without."""

    values: dict[Key, list[Any]]
    required: frozenset[Key]


def known_of(templates: list[Any]) -> Known:
    """What `templates` have, the first one being that of base/ alone."""
    values: dict[Key, list[Any]] = {}
    for template in templates:
        for part in parts(template):
            found = values.setdefault(part.key, [])
            if part.value not in found:
                found.append(part.value)
    keys = [{part.key for part in parts(template)} for template in templates]
    return Known(values, frozenset(set.intersection(*keys)))


@cache
def known() -> Known:
    """What pods.json holds."""
    data = json.loads(FILE.read_text(encoding="utf-8"))
    values = {tuple(one["key"]): one["values"] for one in data}
    return Known(values, frozenset(tuple(one["key"]) for one in data if one["required"]))


def encoded(found: Known) -> list[Message]:
    """`found` as pods.json has it."""
    return [
        {"key": list(key), "required": key in found.required, "values": found.values[key]}
        for key in sorted(found.values)
    ]


def differences(template: Any, expected: Known) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Where a pod template differs from what is `expected`: the path in the template, and the words."""
    strange: set[Key] = set()
    seen = set()
    for part in parts(template):
        seen.add(part.key)
        values = expected.values.get(part.key)
        if part.value is True and part.key[0] in _CONTAINERS and values is None:
            strange.add(part.key)
            yield part.path, f"runs the container {part.key[1]} (spec.{part.key[0]}), base/ does not"
        elif part.key[:2] in strange or (values is not None and part.value in values):
            continue
        else:
            was = f"in base/ {_short(values[0])}" if values else "base/ has none"
            yield part.path, f"has {part.title} {_short(part.value)}, {was}"
    for key in sorted(expected.required - seen):
        yield ("spec",), f"has no {'.'.join(key)}, in base/ {_short(expected.values[key][0])}"


def _short(value: Any) -> str:
    words = json.dumps(value, ensure_ascii=True, sort_keys=True)
    return words if len(words) <= 80 else f"{words[:77]}..."
