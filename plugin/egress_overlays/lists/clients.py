"""Who may use a list: the annotation `egress-overlays.dev/clients`; loaded when a ConfigMap carries it.

A client is a workload identity of the mesh, as its certificate says it:
`spiffe://<trust domain>/ns/<namespace>/sa/<service account>` (SPIFFE ID; Istio, "Security").
"""

from __future__ import annotations

from ..manifest.findings import Finding, fault_of
from ..manifest.resource import CLIENTS_ANNOTATION, Resource
from ..names.domain import ascii_quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

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


EVERYONE = Client("*/*")
"""Every workload of the mesh."""


def are_for(clients: Iterable[Client] | None, workload: Client) -> bool:
    """Whether `workload` is among those whom `clients` mean; None means every one."""
    return clients is None or any(one.admits(workload.namespace, workload.service_account) for one in clients)


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


EVERYWHERE = frozenset(("*",))
"""The namespaces of a list whose clients may be in any."""
