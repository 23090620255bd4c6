"""A Kubernetes resource as the function reads it, and the names of ours that it may carry."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .edits import Edits

API_VERSION = "egress-overlays.dev/v1alpha1"
KIND = "EgressDomains"
POLICY_KIND = "EgressPolicy"
PREFIX = "egress-overlays.dev/"

SET_LABEL = PREFIX + "set"
STATE_LABEL = PREFIX + "state"
INJECT_ANNOTATION = PREFIX + "inject"
ALLOW_EMPTY_ANNOTATION = PREFIX + "allow-empty"
CLIENTS_ANNOTATION = PREFIX + "clients"
SHARD_ANNOTATION = PREFIX + "shard"
KEEP_HOSTS_ANNOTATION = PREFIX + "keep-hosts"
TRUST_DOMAINS_ANNOTATION = PREFIX + "trust-domains"
CLIENTS_FILTER = "egress-overlays.clients"
"""The name of the RBAC filter that components/client-lists adds and the function fills."""
CHAINS_ANNOTATION = PREFIX + "chains"
PORTS_ANNOTATION = PREFIX + "ports"
"""Where ports of a set beyond 443 are opened: its value names the set."""
OPENED_ANNOTATION = PREFIX + "opened"
"""The ports that the function has opened there."""
PROTOCOL_ANNOTATION = PREFIX + "protocol"
HTTP_PROTOCOL = "http"
"""What PROTOCOL_ANNOTATION may say: the object takes the names for plain HTTP, and those alone."""
NAMES_ANNOTATION = PREFIX + "names"
WILDCARDS, EXACT, APART = "wildcards", "exact", "apart"
"""What NAMES_ANNOTATION may say: one part of the set, or each part in filter chains of its own."""
BY_CLIENT_ANNOTATION = PREFIX + "by-client"
"""What components/client-lists marks the EnvoyFilter with, for patches that select by it."""
ENFORCE_ANNOTATION = PREFIX + "enforce"
REPORT_UNTIL_ANNOTATION = PREFIX + "report-until"
ALLOW_REPORT_ANNOTATION = PREFIX + "allow-report"
"""What components/report marks the EnvoyFilter with: without it nothing may report in place of refusing."""
REPORT_ANNOTATIONS = (ENFORCE_ANNOTATION, REPORT_UNTIL_ANNOTATION, ALLOW_REPORT_ANNOTATION)
LOCAL_CONFIG_ANNOTATION = "config.kubernetes.io/local-config"

DEFAULTS = ("owner", "ticket", "until")
"""Fields of names that annotations of a domains ConfigMap hold: for all of them, or `owner.GROUP` for a group's."""

LABELS = (SET_LABEL, STATE_LABEL)
ANNOTATIONS = (
    INJECT_ANNOTATION,
    ALLOW_EMPTY_ANNOTATION,
    SHARD_ANNOTATION,
    KEEP_HOSTS_ANNOTATION,
    TRUST_DOMAINS_ANNOTATION,
    CHAINS_ANNOTATION,
    PORTS_ANNOTATION,
    OPENED_ANNOTATION,
    PROTOCOL_ANNOTATION,
    NAMES_ANNOTATION,
    BY_CLIENT_ANNOTATION,
    *REPORT_ANNOTATIONS,
)

INJECTED = "injected"
INJECTED_BEFORE = "not injected again: build with --enable-alpha-plugins --enable-exec"
"""What plugin/guard/before makes of the state `injected`."""
DEFAULT_SET = "default"


def is_default(annotation: str) -> bool:
    """Whether an annotation of a domains ConfigMap holds a field for many names."""
    return annotation.startswith(PREFIX) and annotation.removeprefix(PREFIX).partition(".")[0] in DEFAULTS


class Resource:
    """One object: `value` is the parsed document, `origin` the file it came from where that is known.

    Whatever shape `value` has, the properties answer: a field of another type reads as absent.
    """

    __slots__ = ("annotations", "kind", "labels", "metadata", "name", "namespace", "origin", "value")

    def __init__(self, value: Any, origin: str = "") -> None:
        self.value: dict[str, Any] = value if isinstance(value, dict) else {}
        self.kind = _text(self.value, "kind")
        self.metadata = _mapping(self.value, "metadata")
        self.name = _text(self.metadata, "name")
        self.namespace = _text(self.metadata, "namespace")
        self.labels = _mapping(self.metadata, "labels")
        self.annotations = _mapping(self.metadata, "annotations")
        self.origin = origin or _text(self.annotations, "config.kubernetes.io/path")

    def __repr__(self) -> str:
        return f"Resource({self.title})"

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        api_version = _text(self.value, "apiVersion")
        return api_version.rpartition("/")[0]

    @property
    def title(self) -> str:
        """How a person would name it, after the file that it came from: `ConfigMap istio-system/egress-domains`."""
        # Escaped: what a terminal would take for a command comes from whoever wrote the resource.
        return f"{ascii(self.origin)[1:-1]}: {self.described}" if self.origin else self.described

    @property
    def described(self) -> str:
        """Its kind, namespace and name alone."""
        where = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return ascii(f"{self.kind or 'resource'} {where or 'without a name'}")[1:-1]

    @property
    def is_domains_kind(self) -> bool:
        """Whether it is of a kind that can hold domains: a ConfigMap, or EgressDomains."""
        api_version = self.value.get("apiVersion")
        return (self.kind == "ConfigMap" and api_version == "v1") or (self.kind == KIND and api_version == API_VERSION)

    def edited(self, edits: Edits) -> dict[str, Any]:
        """A copy of the value with `edits` made, sharing with it what they do not touch.

        Mappings on the way are added where they are missing or null, and items at the end of a list; a path through a
        missing list is a KeyError.
        """
        result = dict(self.value)
        for path, new in edits.items():
            holder: Any = result
            for step in path[:-1]:
                child = holder[step] if isinstance(step, int) else holder.get(step) or {}
                # Copied each time: the few mappings on a path are small, and no state need be kept.
                child = dict(child) if isinstance(child, dict) else list(child)
                holder[step] = child
                holder = child
            if new is None:
                holder.pop(path[-1], None)
            elif isinstance(holder, list) and path[-1] == len(holder):
                holder.append(new)
            else:
                holder[path[-1]] = new
        return result


def _mapping(value: dict[str, Any], key: str) -> dict[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _text(value: dict[str, Any], key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""
