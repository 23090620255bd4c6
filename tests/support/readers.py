"""One text read by many: what the project reads must be what the API server gets, or the project refuses the text."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml
from ruamel.yaml import YAML

from egress_overlays.manifest.resource import INJECTED, STATE_LABEL, Resource
from egress_overlays.yamltext import InvalidInput, NotPlain, manifests, resource_list
from egress_overlays.yamltext.document import Document

TOOL = Path(__file__).resolve().parents[2] / "tools/components.py"
_DAY = re.compile(r"[0-9]{4}-.*")
JUDGED = ("networking.istio.io", "networking.k8s.io", "telemetry.istio.io")
"""Groups whose numbers are judged: these must be the same after a build by Kustomize, too."""


class Go:
    """The Go program of tools/yaml-readers: kubectl's reader and the API server's, Kustomize's build, kyaml's items."""

    def __enter__(self) -> Self:
        done = subprocess.run([sys.executable, TOOL, "yaml-readers"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        self._program = json.loads(done.stdout)["yaml-readers"]
        self._start()
        return self

    def _start(self) -> None:
        pipe, quiet = subprocess.PIPE, subprocess.DEVNULL
        self._process = subprocess.Popen([self._program], stdin=pipe, stdout=pipe, stderr=quiet, text=True)

    def __exit__(self, _type: type[BaseException] | None, _fault: object, _trace: TracebackType | None) -> None:
        self._process.communicate()

    def read(self, text: str) -> dict[str, Any]:
        """`applied`, `built` and `items`, each with documents and error, and `list`, a ResourceList's text."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(text) + "\n")
        self._process.stdin.flush()
        if line := self._process.stdout.readline():
            found: dict[str, Any] = json.loads(line)
            return found
        # As on an alias that holds itself: Kustomize's own end, and so a refusal.
        self._process.communicate()
        self._start()
        ended = {"documents": [], "error": "the reader ended"}
        return {"applied": ended, "built": ended, "items": ended, "list": ""}


def ours(text: str) -> list[Any] | None:
    """What the project reads in a file; None where it refuses it."""
    try:
        return [one.resource.value for one in manifests.read(text.encode("utf-8", "surrogatepass"))]
    except InvalidInput:
        return None


def differences(text: str, go: Go) -> list[str]:
    """What the project reads otherwise than the cluster, in a few words each; empty where it refuses `text`, too."""
    said = go.read(text)
    return [*_of_files(text, said, go), *_of_the_function(said, go)]


def _of_files(text: str, said: dict[str, Any], go: Go) -> list[str]:
    """The way of verify, list, check and diff: a file that kubectl applies, or that Kustomize builds first."""
    try:
        read = manifests.read(text.encode("utf-8", "surrogatepass"))
    except InvalidInput:
        return []
    ours = [one.resource.value for one in read]
    applied, built = said["applied"], said["built"]
    if applied["error"]:
        return [f"kubectl refuses: {applied['error']}"]
    found = [] if same(ours, applied["documents"]) else ["kubectl reads otherwise"]
    if not built["error"] and any(one.resource.group in JUDGED for one in read):
        mine = sorted(filter(_judged, ours), key=_name)
        theirs = sorted(filter(_judged, built["documents"]), key=_name)
        found += [] if same(mine, theirs, loosely=True) else ["Kustomize builds otherwise"]
    return [*found, *_edited(read, go)]


def _judged(value: dict[str, Any]) -> bool:
    return str(value.get("apiVersion")).rpartition("/")[0] in JUDGED


def _name(value: dict[str, Any]) -> str:
    return json.dumps([value.get("apiVersion"), value.get("kind"), value.get("metadata")], sort_keys=True)


def _edited(read: list[manifests.Manifest], go: Go) -> list[str]:
    """What an edit writes is what was there, and the edit."""
    for one in read:
        before, metadata = one.resource.value, one.resource.value.get("metadata")
        if one.within or not isinstance(metadata, dict) or not isinstance(metadata.get("labels", {}), dict):
            continue
        path = ("metadata", "labels", STATE_LABEL)
        try:
            text = Document(one.text, "").edit({path: INJECTED})
        except (InvalidInput, NotPlain):
            continue
        if not same([Resource(before).edited({path: INJECTED})], go.read(text)["applied"]["documents"]):
            return ["an edit changes something else"]
    return []


def _of_the_function(said: dict[str, Any], go: Go) -> list[str]:
    """The way of the function: a ResourceList in, the same out."""
    if not said["list"]:
        return []
    try:
        parts = resource_list.read(said["list"])
    except InvalidInput:
        return []
    written = [item if isinstance(item, str) else item.text for item in parts.items]
    out = resource_list.write(parts, written, "")
    items = go.read(said["list"])["items"]
    if items["error"]:
        return []
    found = [] if go.read(out)["items"] == items else ["the function writes otherwise"]
    if len(items["documents"]) != len(parts.items):
        return [*found, "the function counts otherwise"]
    pairs = zip(parts.items, items["documents"], strict=True)
    if any(isinstance(item, Document) and not alike(item.resource.value, other) for item, other in pairs):
        found.append("the function reads otherwise")
    return found


def same(one: Any, other: Any, *, loosely: bool = False) -> bool:
    """Whether two values are one to JSON: 1.0 is 1, and true is not.

    Where `loosely`, as Kustomize writes what is not in quotes: a day is its midnight, and blanks do not count.
    """
    if loosely and isinstance(one, str) and isinstance(other, str) and one != other:
        return _alike_text(one, other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            same(value, other[key], loosely=loosely) for key, value in one.items()
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(
            same(value, more, loosely=loosely) for value, more in zip(one, other, strict=True)
        )
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return float(one) == float(other)  # Go keeps no more of what is beyond 64 bits
    return bool(one == other)


def alike(one: Any, other: Any) -> bool:
    """Whether two values are the same but for what the function never reads: numbers, days and blank lines."""
    if isinstance(one, dict) and isinstance(other, dict):
        # 01 is a key by another name; kyaml leaves out a key that is null, and follows <<, which is refused in ours.
        keys = {key: value for key, value in one.items() if isinstance(key, str) and key != "<<"}
        return keys.keys() <= other.keys() and all(alike(value, other[key]) for key, value in keys.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, str) and isinstance(other, str):
        return _alike_text(one, other)
    return not isinstance(one, (dict, list)) and not isinstance(other, (dict, list))


def _alike_text(one: str, other: str) -> bool:
    # Readers differ in how many line ends a folded text has.
    return bool(_DAY.fullmatch(one) and _DAY.fullmatch(other)) or one.split() == other.split()


def by_others(text: str) -> list[Any]:
    """What PyYAML and ruamel.yaml read: a list of documents, or None where one refuses the text."""
    readings: list[Any] = []
    try:
        readings.append(list(yaml.load_all(text, yaml.CSafeLoader)))
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, AttributeError, RecursionError):
        readings.append(None)
    try:
        readings.append(list(YAML(typ="safe", pure=True).load_all(StringIO(text))))
    except Exception:  # noqa: BLE001 - whatever another reader raises is a refusal
        readings.append(None)
    return readings
