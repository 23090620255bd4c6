"""What a list lets through, asked by name and workload."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..names.domain import Domain
from ..names.holes import admits, table

if TYPE_CHECKING:
    from ..rendered.rendered import Rendered
    from .workloads import Workload


class Listed:
    """The lists of `found`: of rendered manifests, or of domains ConfigMaps alone."""

    def __init__(self, found: Rendered) -> None:
        self._found = found
        self._hosts = {name: frozenset(found.hosts(name)) for name in found.names}
        self._tables = {name: table(self._hosts[name], holes) for name in found.names if (holes := found.holes(name))}

    def allows(self, name: str, workload: Workload) -> bool:
        """Whether `workload` may reach `name`; where little is known of it, whether all that it may be may."""
        return any(self._admits(one, name, workload) for one in self._hosts if self._holds(one, name))

    def holds(self, name: str) -> bool:
        """Whether any workload may reach `name`."""
        return any(self._holds(one, name) for one in self._hosts)

    def _holds(self, set_name: str, name: str) -> bool:
        return _matches(self._hosts[set_name], name) and (
            set_name not in self._tables or admits(name, self._tables[set_name])
        )

    def _admits(self, set_name: str, name: str, workload: Workload) -> bool:
        clients = self._found.clients(set_name, Domain(name))
        # No client of a list is called "*", and so one that is not known is admitted by "every one" alone.
        namespace, account = workload.namespace or "*", workload.account or "*"
        return clients is None or any(
            one.namespace in ("*", namespace) and one.service_account in ("*", account) for one in clients
        )


def _matches(hosts: frozenset[str], name: str) -> bool:
    if name in hosts:
        return True
    labels = name.split(".")
    return any(f"*.{'.'.join(labels[start:])}" in hosts for start in range(1, len(labels)))
