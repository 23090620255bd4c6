"""Who may use a list: the annotation `egress-overlays.dev/clients`; loaded when a ConfigMap carries it.

A client is a workload identity of the mesh, as its certificate says it:
`spiffe://<trust domain>/ns/<namespace>/sa/<service account>` (SPIFFE ID; Istio, "Security").
"""

from __future__ import annotations

from ..manifest.findings import Finding, fault_of
from ..manifest.resource import CLIENTS_ANNOTATION, Resource
from ..names.domain import Domain, ascii_quoted, covering, minimise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LABEL = "abcdefghijklmnopqrstuvwxyz0123456789-"
_ACCEPTED = 'write "namespace" or "namespace/serviceaccount", one a line; "*" may stand for a whole part'


class InvalidClient(ValueError):  # noqa: N818 - named after its concept
    """A line that names no client; the message says why and what could stand there."""


class Client(str):
    """`namespace/serviceaccount`, either of them `*` for any; made by `parse` alone."""

    __slots__ = ()

    @property
    def namespace(self) -> str:
        """The namespace, or `*`."""
        return self.partition("/")[0]

    @property
    def service_account(self) -> str:
        """The service account, or `*`."""
        return self.partition("/")[2]

    def admits(self, namespace: str, service_account: str) -> bool:
        """Whether the workload that runs as `service_account` in `namespace` is meant."""
        return self.namespace in ("*", namespace) and self.service_account in ("*", service_account)


def parse(text: str) -> Client:
    """The client that one line names. Raises InvalidClient."""
    namespace, slash, account = text.partition("/")
    if not slash:
        account = "*"
    if not _is_label(namespace):
        raise InvalidClient(f"{ascii_quoted(text)}: {ascii_quoted(namespace)} is no namespace (RFC 1123); {_ACCEPTED}")
    if not _is_subdomain(account):
        raise InvalidClient(
            f"{ascii_quoted(text)}: {ascii_quoted(account)} is no service account (RFC 1123); {_ACCEPTED}"
        )
    if namespace == account == "*":
        raise InvalidClient(
            f"{ascii_quoted(text)}: means every workload of the mesh; to say that, remove the annotation"
        )
    return Client(f"{namespace}/{account}")


def _is_label(text: str) -> bool:
    return text == "*" or (0 < len(text) <= 63 and not text.strip(_LABEL) and text[0] != "-" and text[-1] != "-")


def _is_subdomain(text: str) -> bool:
    return len(text) <= 253 and (text == "*" or all(part != "*" and _is_label(part) for part in text.split(".")))


def read(source: Resource) -> tuple[frozenset[Client], list[Finding]]:
    """The clients that `source`, which carries the annotation, is limited to, and all faults of it."""
    text = source.annotations[CLIENTS_ANNOTATION]
    where = f"annotation {CLIENTS_ANNOTATION}"
    if not isinstance(text, str):
        return frozenset(), [fault_of(source, f"must be text; {_ACCEPTED}", "clients", where)]
    found = set()
    faults = []
    for number, line in enumerate(text.split("\n"), 1):
        entry = line.partition("#")[0].strip(" \t\r")
        if not entry:
            continue
        try:
            found.add(parse(entry))
        except InvalidClient as fault:
            faults.append(fault_of(source, str(fault), "clients", f"{where}, line {number}"))
    if not found and not faults:
        faults.append(fault_of(source, f"names no client; {_ACCEPTED}", "clients", where))
    return frozenset(found), faults


def asked(lines: Iterable[tuple[Domain, frozenset[Client]]]) -> dict[Domain, frozenset[Client]]:
    """The names of limited lists, each with the clients of all lists that hold it."""
    found: dict[Domain, frozenset[Client]] = {}
    for domain, clients in lines:
        known = found.get(domain)
        found[domain] = clients if known is None else clients | known
    return found


EVERYWHERE = frozenset(("*",))
"""The namespaces of a list whose clients may be in any."""


class Limits:
    """The names of one set by who may reach them.

    `shared` are every workload's, minimised. `limited` maps each other name to its own clients: the
    gateway tries the longest match first and goes on to the wildcards that cover it, so that a name
    need not repeat the clients of those. `left_out` maps a name of a limited list to the one that
    opens it already: a shared name, or a wildcard of the same clients or more.

    `at_gateway` are the limited names by their clients; `at_sidecars` by the namespaces that are to
    know them, or EVERYWHERE, without those that another name of the same namespaces covers, since one
    VirtualService holds them. Both are in order. Sidecars in the namespaces `reporting` know every name, since their
    clients are let through and reported.
    """

    __slots__ = ("at_gateway", "at_sidecars", "left_out", "limited", "shared")

    def __init__(
        self,
        shared: Sequence[Domain],
        asked: dict[Domain, frozenset[Client]],
        reporting: frozenset[str] = frozenset(),
    ) -> None:
        self.shared = tuple(shared)
        self.left_out: dict[Domain, Domain] = {}
        self.limited: dict[Domain, frozenset[Client]] = {}
        everyone = set(shared)
        wildcards_for_all = {domain for domain in shared if domain.is_wildcard}
        wildcards = {domain for domain in asked if domain.is_wildcard}
        for domain, clients in sorted(asked.items()):
            cover = domain if domain in everyone else covering(domain, wildcards_for_all)
            wider = covering(domain, wildcards)
            if cover is None and wider is not None and asked[wider] >= clients:
                cover = wider
            if cover is None:
                self.limited[domain] = clients
            else:
                self.left_out[domain] = cover
        self.at_gateway = _grouped(self.limited)
        self.at_sidecars = _by_namespaces(self.at_gateway, reporting)


def _grouped(limited: dict[Domain, frozenset[Client]]) -> dict[frozenset[Client], tuple[Domain, ...]]:
    groups: dict[frozenset[Client], list[Domain]] = {}
    for domain, clients in limited.items():
        groups.setdefault(clients, []).append(domain)
    return {clients: tuple(sorted(groups[clients])) for clients in sorted(groups, key=sorted)}


def _by_namespaces(
    groups: dict[frozenset[Client], tuple[Domain, ...]],
    reporting: frozenset[str],
) -> dict[frozenset[str], tuple[Domain, ...]]:
    merged: dict[frozenset[str], list[Domain]] = {}
    for clients, domains in groups.items():
        namespaces = frozenset(client.namespace for client in clients) | reporting
        merged.setdefault(EVERYWHERE if "*" in namespaces else namespaces, []).extend(domains)
    return {namespaces: minimise(merged[namespaces])[0] for namespaces in sorted(merged, key=sorted)}
