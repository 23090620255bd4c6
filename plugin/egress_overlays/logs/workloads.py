"""Who wrote a line or opened a connection: by SPIFFE identity, by pod, or by a pod's address."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from ..lists.clients import InvalidClient, parse
from . import jsonlines

# What a Deployment, a StatefulSet, a DaemonSet or a Job adds to its name for a pod.
_ADDED = re.compile(r"(?:-[a-z0-9]{6,10})?-[bcdfghjklmnpqrstvwxz2456789]{5}$|-\d{1,4}$")
_SPIFFE = re.compile(r"spiffe://[^/]+/ns/([^/]+)/sa/([^/]+)")


class Workload(NamedTuple):
    """A workload as far as the log knows it; "" for what it does not know."""

    namespace: str = ""
    account: str = ""
    name: str = ""

    def __str__(self) -> str:
        shown = self.name or self.account
        return f"{self.namespace}/{shown}" if self.namespace and shown else self.namespace or shown or "unknown"


NOBODY = Workload()


class InvalidPods(ValueError):  # noqa: N818 - named after its concept
    """A file that is no list of pods; the message says what would be."""


class Pods:
    """Pods by address and by name, from `kubectl get pods --all-namespaces --output json`."""

    def __init__(self, namespace: str = "") -> None:
        self._namespace = namespace
        self._by_address: dict[str, Workload] = {}
        self._by_name: dict[str, set[Workload]] = {}

    def add(self, data: bytes) -> None:
        """Learn the pods of `data`; raises InvalidPods."""
        try:
            value = jsonlines.decode(data)
            for item in value["items"]:
                self._add(item)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise InvalidPods(
                "is no list of pods in JSON; kubectl get pods --all-namespaces --output json > pods.json writes one"
            ) from None

    def _add(self, item: dict[str, Any]) -> None:
        metadata, spec = item["metadata"], item["spec"]
        account = spec.get("serviceAccountName") or "default"
        found = Workload(metadata["namespace"], account, stem(metadata["name"]))
        self._by_name.setdefault(metadata["name"], set()).add(found)
        # A pod of the node's own network shares its address with others.
        if not spec.get("hostNetwork"):
            for one in item.get("status", {}).get("podIPs", ()):
                self._by_address[one["ip"]] = found

    def of(self, namespace: str, pod: str, address: str, identity: str) -> Workload:
        """The workload of a line: by its identity, the pod that logged it, or the address that it came from."""
        spiffe = _SPIFFE.fullmatch(identity)
        if spiffe:
            return _valid(Workload(spiffe[1], spiffe[2]))
        if pod:
            known = {one for one in self._by_name.get(pod, ()) if namespace in ("", one.namespace)}
            if len(known) == 1:
                return known.pop()
            return _valid(Workload(namespace or self._namespace, "", stem(pod)))
        return self._by_address.get(address.strip("[]")) or _valid(Workload(namespace or self._namespace))


def stem(pod: str) -> str:
    """The name of what made a pod: without the hashes or the number that are the pod's own."""
    return _ADDED.sub("", pod)


def _valid(workload: Workload) -> Workload:
    """`workload`, or NOBODY where its parts are no names of Kubernetes (a log may hold anything)."""
    try:
        parse(f"{workload.namespace or 'x'}/{workload.account or 'x'}")
        parse(f"x/{workload.name or 'x'}")
    except InvalidClient:
        return NOBODY
    return NOBODY if "*" in "".join(workload) else workload
