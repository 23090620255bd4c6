"""Domains ConfigMaps as sets: groups, provenance, clients, and the list that is emitted.

Knows nothing of the resources that a list goes into. Imports `names` and `manifest`. Here stand what every list is
made of, an `Entry`, and which resources are lists.
"""

from __future__ import annotations

from ..manifest.findings import ERROR, Finding
from ..manifest.resource import SET_LABEL, Resource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..names.domain import Domain
    from .fields import Fields


class Entry:
    """One name of one line: where it came from (`source`, `group`, `line` from 1) and its `comment`."""

    __slots__ = ("comment", "domain", "group", "line", "source")

    def __init__(self, domain: Domain, source: Resource, group: str, line: int, comment: str) -> None:
        self.domain = domain
        self.source = source
        self.group = group
        self.line = line
        self.comment = comment

    @property
    def fields(self) -> Fields:
        """Whose it is, why, and until when: by its comment, its group and its ConfigMap."""
        from . import fields

        return fields.of(self.comment, self.source, self.group)

    def remark(self, message: str, rule: str, severity: str = ERROR, mark: str = "") -> Finding:
        """A finding about this line; `mark` stands before its name, and both before `message`."""
        return Finding(
            severity,
            f'"{mark}{self.domain}" {message}',
            rule=rule,
            resource=self.source,
            group=self.group,
            line=self.line,
            value=mark + self.domain,
        )


def found_in(resources: Sequence[Resource], function_config: Resource | None) -> list[Resource]:
    """The lists among `resources`, and the functionConfig where it is one."""
    try:
        sources = [resource for resource in resources if SET_LABEL in resource.labels and resource.is_domains_kind]
    except AttributeError:
        raise TypeError("plan takes a list of Resource objects; write plan([Resource(value), ...])") from None
    if function_config is not None and is_source(function_config):
        sources.append(function_config)
    return sources


def is_source(function_config: Resource) -> bool:
    """Whether the functionConfig is a list itself; EgressDomains without data is a mere runner."""
    return function_config.is_domains_kind and (
        function_config.kind == "ConfigMap" or "data" in function_config.value or SET_LABEL in function_config.labels
    )


def is_config(resource: Resource, function_config: Resource | None) -> bool:
    """Whether `resource` is the functionConfig, which kpt hands over among the others too."""
    return (
        function_config is not None
        and resource.kind == function_config.kind
        and (resource.namespace, resource.name) == (function_config.namespace, function_config.name)
    )
