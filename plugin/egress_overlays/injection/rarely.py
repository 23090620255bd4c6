"""Parts of an injection that few runs need, loaded by those alone."""

from __future__ import annotations

from ..manifest.findings import ERROR, WARNING, Finding, fault_of
from ..manifest.resource import INJECT_ANNOTATION, KEEP_HOSTS_ANNOTATION, PREFIX, SET_LABEL, SHARD_ANNOTATION, Resource
from ..names.domain import InvalidDomain, ascii_quoted, parse
from ..sites import GROUP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from ..lists.allowlist import AllowSet
    from .inject import Plan

# kubectl apply keeps the whole object in an annotation, and all annotations together may hold
# 256 KiB; etcd refuses requests over 1.5 MiB, of which the API server's own fields take a little.
_APPLY_LIMIT = 256 * 1024
_APPLY_ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration"
_ETCD_LIMIT = 1536 * 1024 - 16 * 1024

_LONGEST_NAME = 253  # RFC 1123 subdomain, as the API server wants it


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


def about_size(resource: Resource, value: dict[str, Any], *, is_copy: bool = False) -> Iterator[Finding]:
    """Whether the API server would refuse `value`, what becomes of `resource` or a copy, for its size in JSON."""
    if is_copy:
        resource = Resource(value, resource.origin)
    import json  # which costs more than all the rest here

    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    size = len(text.encode())
    # kubectl writes three characters as \u003c and the like, and what the object is annotated with counts too.
    kept = size + 5 * sum(map(text.count, "<>&")) + len(_APPLY_ANNOTATION) + 1
    kept += sum(len(str(part).encode()) for pair in resource.annotations.items() for part in pair)
    if size > _ETCD_LIMIT:
        yield fault_of(
            resource,
            f"would be {size:,} bytes of JSON, and etcd refuses objects over 1.5 MiB; divide the list into several "
            "sets with a gateway each, or cover names with wildcards",
            "size",
        )
    elif kept > _APPLY_LIMIT:
        yield Finding(
            WARNING,
            f"is {size:,} bytes of JSON, more than client-side apply can keep in an annotation (262,144 with the "
            "others); use kubectl apply --server-side, or ServerSideApply=true in Argo CD's syncOptions",
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


def no_copies(
    earlier: Sequence[tuple[str, Resource]], roots: Mapping[tuple[str, str], Sequence[Resource]]
) -> Iterator[Finding]:
    """Resources that pass for copies of an earlier run, each with its set, and are none of the `roots` of that set."""
    for name, resource in earlier:
        known = roots.get((name, resource.kind), ())
        if not known:
            yield fault_of(
                resource,
                f"carries {SHARD_ANNOTATION} but the {resource.kind} that it continues is missing; add that one, "
                "or remove the annotation",
                "orphan-shard",
            )
        elif not any(_continues(resource, root) for root in known):
            key = str(resource.annotations[SHARD_ANNOTATION])
            wanted = ", ".join(f"{root.title}-{ascii(key)[1:-1]}" for root in known)
            yield fault_of(
                resource,
                f"carries {SHARD_ANNOTATION}: {ascii_quoted(key)}, which the function alone gives to copies, and has "
                f"not the name, namespace or group of one ({wanted}, {GROUP}); remove the annotation",
                "orphan-shard",
            )


def _continues(resource: Resource, root: Resource) -> bool:
    """Whether `resource` is what the function makes of `root`; a nameSuffix of an outer layer stands behind the key."""
    if (resource.group, resource.namespace) != (GROUP, root.namespace) or root.group != GROUP:
        return False
    key = f"-{resource.annotations[SHARD_ANNOTATION]}"
    at = resource.name.find(key)
    while at != -1:
        if resource.name[:at] + resource.name[at + len(key) :] == root.name:
            return True
        at = resource.name.find(key, at + 1)
    return False


def within_list(resource: Resource) -> Iterator[Finding]:
    """What takes part inside of a List: nothing there would be filled."""
    entries = resource.value.get("items")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        inner = Resource(entry)
        if any(str(key).startswith(PREFIX) for key in (*inner.labels, *inner.annotations)):
            yield fault_of(
                resource,
                f"holds {inner.title}, which takes part, in a list that the function does not look into; give each "
                "resource a document of its own, as kustomize does",
                "list",
                f"items[{index}]",
            )
        elif inner.kind.endswith("List"):
            for finding in within_list(inner):
                finding.resource = resource
                finding.field = f"items[{index}].{finding.field}"
                yield finding


def about_names(resources: Sequence[Resource], result: Plan) -> Iterator[Finding]:
    """Copies that cannot have the name they need: it is none, too long, or that of another resource.

    Of two of one name Kustomize would print both, and the API server keep one.
    """
    copies: dict[tuple[str, str, str], Resource] = {}
    for index, all_edits in result.copies.items():
        first = resources[index]
        names = [edits["metadata", "name"] for edits in all_edits]
        longest = max(map(len, names), default=0)
        if names and not first.name:
            yield fault_of(
                first,
                f"needs {len(names)} further {first.kind} for its list and has no name that theirs could begin with; "
                "write metadata.name (generateName does not serve)",
                "copy-name",
                "metadata.name",
            )
        elif longest > _LONGEST_NAME:
            room = len(first.name) - (longest - _LONGEST_NAME)
            yield fault_of(
                first,
                f"needs a further {first.kind} whose name begins with its own and has {longest} characters, of which "
                f"Kubernetes allows {_LONGEST_NAME}; give it a name of at most {room}",
                "copy-name",
                "metadata.name",
            )
        copies |= {(first.kind, first.namespace, name): first for name in names}
    for index, resource in enumerate(resources):
        continued = copies.get((resource.kind, resource.namespace, resource.name))
        if continued is not None and index not in result.removed:
            yield fault_of(
                resource,
                f"has the name that a further {resource.kind} needs, since the list is too long for {continued.title} "
                "or is for some clients; give it another name",
                "name-taken",
            )
