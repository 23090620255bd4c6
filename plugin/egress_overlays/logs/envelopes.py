"""What kubectl, stern, container runtimes and log stores put around a line, taken off: whose line it is, and the rest.

Known: `kubectl logs` with --prefix and --timestamps, stern (default, -A, -o json), CRI and Docker files, Fluent Bit,
logcli and Loki's API, Elasticsearch (hits, elasticdump), CloudWatch (events, Logs Insights, exports to S3).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from . import jsonlines
from .connection import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator

_COLOUR = re.compile(rb"\x1b\[[0-9;]*m")
_NAME = rb"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?"
_WHOLE_NAME = re.compile(_NAME.decode())
_PREFIX = re.compile(rb"\[pod/(" + _NAME + rb")/" + _NAME + rb"\] ")
_STERN = re.compile(rb"(?:(" + _NAME + rb") )?(" + _NAME + rb") " + _NAME + rb" (?=[\[{]|\d{4}-\d\d-\d\dT)")
_TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[0-9.]{0,11}(?:Z|[+-]\d\d:\d\d) (?:std(?:out|err) ([FP]) )?")
_DEEPEST = 4

# Where the line stands in a JSON object, and where its pod does; those of a nested object behind a dot.
_LINES = ("log", "line", "message", "msg", "_source", "@message", "event", "textPayload", "jsonPayload")
_PODS = ("pod", "pod_name", "podName", "k8s_pod_name", "name")
_NAMESPACES = ("namespace", "namespace_name", "namespaceName", "k8s_namespace_name")
_AROUND = ("kubernetes", "labels", "stream", "_source", "metadata")


def unwrap(line: bytes, origin: Origin) -> tuple[Origin, bytes]:
    """The line without what surrounds it, and the pod that wrote it, as far as known."""
    for _ in range(_DEEPEST):
        found = _once(line, origin)
        if found is None:
            break
        origin, line = found
        if line[:1] == b"{" and b'"requested_server_name":' in line:  # Istio's own: no envelope
            break
    return origin, line


def _once(line: bytes, origin: Origin) -> tuple[Origin, bytes] | None:
    if line[:1] == b"{":
        return _object(line, origin)
    if line[:1] == b"\x1b":
        return origin, _COLOUR.sub(b"", line)
    return _before(line, origin)


def _before(line: bytes, origin: Origin) -> tuple[Origin, bytes] | None:
    """What stands before a line: a pod, a time, or both."""
    prefix = _PREFIX.match(line)
    if prefix:
        return Origin(origin.namespace, prefix[1].decode()), line[prefix.end() :]
    stamp = _TIME.match(line)
    # A part of a line (CRI's tag P) keeps its mark, and so is no access log.
    if stamp and stamp[1] != b"P":
        return origin, line[stamp.end() :]
    stern = None if stamp else _STERN.match(line)
    if stern:
        namespace = stern[1].decode() if stern[1] else origin.namespace
        return Origin(namespace, stern[2].decode()), line[stern.end() :]
    return None


def _object(line: bytes, origin: Origin) -> tuple[Origin, bytes] | None:
    try:
        value = jsonlines.decode(line)
    except ValueError:
        return None
    inner = _inner(value) if isinstance(value, dict) else None
    return None if inner is None else (_origin(value, origin), inner)


def _inner(value: dict[str, Any]) -> bytes | None:
    """What an envelope holds; None where `value` is none."""
    if value.get("log") == jsonlines.CLIENTS:
        return None
    for key in _LINES:
        found = value.get(key)
        if isinstance(found, str) and found.strip():
            return found.strip().encode("utf-8", "replace")
        if isinstance(found, dict):
            return msgspec.json.encode(found)
    return None


def _origin(value: dict[str, Any], known: Origin) -> Origin:
    around = [value]
    for one in around:
        around += [one[key] for key in _AROUND if isinstance(one.get(key), dict)]
    # "name" alone is a pod's in an object "pod" only (Elastic Common Schema).
    for one in tuple(around):
        if isinstance(one.get("pod"), dict):
            around.append({"pod": one["pod"].get("name")})
    pod = _first(around, _PODS[:-1])
    stream = value.get("logStreamName") or value.get("@logStream")
    if isinstance(stream, str) and not pod:
        known = of_path(stream) or known
    return Origin(_first(around, _NAMESPACES) or known.namespace, pod or known.pod)


def _first(around: list[dict[str, Any]], keys: tuple[str, ...]) -> str:
    found = (one.get(key) for one in around for key in keys)
    return next((text for text in found if isinstance(text, str) and _is_name(text)), "")


def _is_name(text: str) -> bool:
    return _WHOLE_NAME.fullmatch(text) is not None


# kubelet's /var/log/containers/POD_NAMESPACE_CONTAINER-ID.log and /var/log/pods/NAMESPACE_POD_UID/CONTAINER/0.log
_CONTAINERS = re.compile(r"([a-z0-9.-]+)_([a-z0-9-]+)_[a-z0-9-]+-[0-9a-f]{64}")
_PODS_DIRECTORY = re.compile(r"([a-z0-9-]+)_([a-z0-9.-]+)_[0-9a-f-]{32,36}")
_PAIR = re.compile(r"([a-z0-9-]+)_([a-z0-9.-]+)")
_SUFFIXES = (".gz", ".zst", ".log", ".txt", ".jsonl", ".json")


def of_path(path: str) -> Origin | None:
    """The pod that a file is of by its path; None where the path does not say so."""
    parts = path.replace("\\", "/").split("/")
    name = parts[-1]
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix)
    found = _CONTAINERS.search(name.rpartition("containers.")[2])
    if found:
        return Origin(found[2], found[1])
    for part in parts[:-1]:
        found = _PODS_DIRECTORY.fullmatch(part)
        if found:
            return Origin(found[1], found[2])
    found = _PAIR.fullmatch(name)
    return Origin(found[1], found[2]) if found else None


def of_document(value: Any) -> Iterator[tuple[Origin, bytes]]:
    """The lines of an export that is one JSON document: Loki's API, Elasticsearch's hits, CloudWatch's events."""
    if isinstance(value, list):
        for one in value:
            yield from of_document(one)
    if not isinstance(value, dict):
        return
    below = next((value[key] for key in _CONTAINERS_OF if isinstance(value.get(key), dict | list)), None)
    if isinstance(value.get("stream"), dict) and isinstance(value.get("values"), list):
        yield from _of_stream(value)
    elif value.get("field") == "@message":  # CloudWatch Logs Insights
        yield Origin(), str(value.get("value")).encode("utf-8", "replace")
    elif below is not None:
        yield from of_document(below)
    elif "field" not in value:
        yield _origin(value, Origin()), _inner(value) or msgspec.json.encode(value)


_CONTAINERS_OF = ("data", "result", "events", "results", "hits")


def _of_stream(value: dict[str, Any]) -> Iterator[tuple[Origin, bytes]]:
    origin = _origin(value, Origin())
    for pair in value["values"]:
        if isinstance(pair, list) and len(pair) > 1 and isinstance(pair[1], str):
            yield origin, pair[1].encode("utf-8", "replace")
