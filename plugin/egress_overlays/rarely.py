"""Parts of an injection that few runs need, loaded by those alone."""

from __future__ import annotations

import json

from .domains import InvalidDomain, ascii_quoted, parse
from .findings import ERROR, WARNING, Finding, fault_of
from .resource import INJECT_ANNOTATION, KEEP_HOSTS_ANNOTATION, SET_LABEL, SHARD_ANNOTATION, Resource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from .allowlist import AllowSet
    from .inject import Plan

# kubectl apply keeps the whole object in an annotation, and all annotations together may hold
# 256 KiB; etcd refuses requests over 1.5 MiB, of which the API server's own fields take a little.
_APPLY_LIMIT = 256 * 1024
_ETCD_LIMIT = 1536 * 1024 - 16 * 1024


def unescaped(text: str) -> str:
    """`text` with the escapes of double-quoted scalars that stand for a character, or for no line end, carried out."""
    import re

    def char(found: re.Match[str]) -> str:
        code = int(found[1] or found[2] or found[3], 16)
        return chr(code) if code <= 0x10FFFF else ""

    text = re.sub(r"\\\n[ \t]*", "", text).replace("\\/", "/")
    return re.sub(r"\\x([0-9A-Fa-f]{2})|\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})", char, text)


def kept_hosts(resource: Resource, allowed: AllowSet, findings: list[Finding]) -> list[str]:
    """The names that a VirtualService keeps in spec.hosts beside the list; they route nothing by themselves."""
    if resource.kind != "VirtualService":
        findings.append(
            fault_of(resource, f"carries {KEEP_HOSTS_ANNOTATION}, meant for a VirtualService", "keep-hosts")
        )
        return []
    kept: list[str] = []
    for text in str(resource.annotations[KEEP_HOSTS_ANNOTATION]).split(","):
        try:
            name = parse(text.strip())[-1]
            if name.is_wildcard:
                raise InvalidDomain(text, "stands for more than one name", "keep exact names")
            if name in kept or allowed.covering(name) is not None:
                raise InvalidDomain(text, "is on the list already", "keep a name that is not")
            kept.append(name)
        except InvalidDomain as fault:
            findings.append(fault_of(resource, str(fault), "keep-hosts", f"annotation {KEEP_HOSTS_ANNOTATION}"))
    return kept


def about_size(resource: Resource, value: dict[str, Any]) -> Iterator[Finding]:
    """Whether the API server would refuse `value`, what becomes of `resource`, for its size in JSON."""
    size = len(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str).encode())
    if size > _ETCD_LIMIT:
        yield fault_of(
            resource,
            f"would be {size:,} bytes of JSON, and etcd refuses objects over 1.5 MiB; divide the list into several "
            "sets with a gateway each, or cover names with wildcards",
            "size",
        )
    elif size > _APPLY_LIMIT:
        yield Finding(
            WARNING,
            f"is {size:,} bytes of JSON, more than client-side apply can keep in its annotation (262,144); use "
            "kubectl apply --server-side, or ServerSideApply=true in Argo CD's syncOptions",
            rule="size",
            resource=resource,
        )


def nothing() -> Finding:
    """Neither a list nor a resource that takes one."""
    return Finding(
        ERROR,
        f"nothing to inject: no resource carries the annotation {INJECT_ANNOTATION} and no ConfigMap the "
        f"label {SET_LABEL}; add base/ and a domains ConfigMap to this kustomization's resources",
        rule="nothing",
    )


def unknown_set(resource: Resource, name: str, known: list[str]) -> Finding:
    """A resource takes a set that no list declares; `known` are those that some do."""
    there = f"sets here: {', '.join(map(ascii_quoted, known))}" if known else "there is no domains ConfigMap at all"
    return fault_of(
        resource,
        f"takes the set {ascii_quoted(name)}, which no ConfigMap declares ({there}); label one with "
        f"{SET_LABEL}: {ascii(name)[1:-1]}",
        "unknown-set",
    )


def not_taken(name: str, allowed: AllowSet, taken: list[str]) -> Iterator[Finding]:
    """Lists of a set that no resource takes; `taken` are those that some do."""
    there = f"sets taken here: {', '.join(map(ascii_quoted, taken))}" if taken else "no resource takes any set"
    for source in allowed.sources:
        yield fault_of(
            source,
            f"adds to the set {ascii_quoted(name)}, which no resource takes ({there}); annotate the resources with "
            f"{INJECT_ANNOTATION}: {ascii(name)[1:-1]}, or mend the label {SET_LABEL}",
            "set-not-taken",
        )


def unguarded(allowed: AllowSet) -> Finding:
    """Lists for some clients whose gateway is not among the resources."""
    return fault_of(
        next(iter(allowed.clients)),
        f"is for some clients only, but no EnvoyFilter takes the set {ascii_quoted(allowed.name)}, so that no gateway "
        "would check them; build the gateway with it, or remove the annotation",
        "no-clients-place",
    )


def orphan(resource: Resource) -> Finding:
    """A copy of an earlier run without the resource that it is a copy of."""
    return fault_of(
        resource,
        f"carries {SHARD_ANNOTATION} but the {resource.kind} that it continues is missing; add that one, "
        "or remove the annotation",
        "orphan-shard",
    )


def taken_names(resources: Sequence[Resource], result: Plan) -> Iterator[Finding]:
    """Resources that have the name of a copy: Kustomize would print both, and the API server keep one."""
    copies = {
        (resources[index].kind, resources[index].namespace, edits["metadata", "name"]): resources[index]
        for index, all_edits in result.copies.items()
        for edits in all_edits
    }
    for index, resource in enumerate(resources):
        first = copies.get((resource.kind, resource.namespace, resource.name))
        if first is not None and index not in result.removed:
            yield fault_of(
                resource,
                f"has the name that a further {resource.kind} needs, since the list is too long for {first.title} or "
                "is for some clients; give it another name",
                "name-taken",
            )
