"""Names that a VirtualService keeps beside its list; loaded when one asks for it."""

from __future__ import annotations

from ..manifest.findings import Finding, fault_of
from ..manifest.resource import KEEP_HOSTS_ANNOTATION, Resource
from ..names import parse
from ..names.domain import InvalidDomain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..lists.allowlist import AllowSet
    from ..sites import Site


def kept_hosts(resource: Resource, site: Site, allowed: AllowSet, findings: list[Finding]) -> list[str]:
    """The names that a VirtualService keeps in spec.hosts beside the list; they route nothing by themselves."""
    if not site.keeps_hosts:
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
            finding = fault_of(resource, str(fault), "keep-hosts", f"annotation {KEEP_HOSTS_ANNOTATION}")
            finding.value, finding.proposal = fault.text, fault.proposal
            findings.append(finding)
    return kept
