"""Rules for what a name opens beside what it was listed for, on lists of ConfigMaps and of manifests alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...manifest.findings import INFO, WARNING, Finding
from ...names.domain import Domain
from ...names.public_suffix import is_private_suffix, shared_below
from ...names.risks import risk_of
from .fault import fault

if TYPE_CHECKING:
    from ...lists import Entry
    from ...names.risks import Risk
    from ...rendered.rendered import Rendered
    from .fault import Faults, Options

_OWN_RULES = ("shared-suffix", "unknown-top-level")


def rule(found: Rendered, _options: Options) -> Faults:
    """A warning for every name with a risk, once, where it was written."""
    for set_name in found.names:
        allowed = found.sets.get(set_name)
        written: dict[Domain, Entry] = {}
        for entry in allowed.entries if allowed else ():
            written.setdefault(entry.domain, entry)
        for domain in dict.fromkeys((*written, *map(Domain, found.hosts(set_name)))):
            if domain != "*":
                risk = risk_of(domain)
                if risk is not None:
                    yield from _warned(found, set_name, domain, risk, written.get(domain))


def _warned(found: Rendered, set_name: str, domain: Domain, risk: Risk, entry: Entry | None) -> Faults:
    rule_id = risk.name if risk.name in _OWN_RULES else "risk"
    # Through one host of content that users upload, something comes in; nothing goes out.
    severity = INFO if risk.name == "user-content" and not domain.is_wildcard else WARNING
    message = f'"{domain}": {risk.said}; {risk.instead}'
    if entry is not None:
        # Of wildcards over what many share, the reading of the lists has said it.
        if not (domain.is_wildcard and (is_private_suffix(domain.base) or shared_below(domain.base))):
            finding = Finding(severity, message, rule=rule_id, resource=entry.source)
            finding.group, finding.line, finding.value = entry.group, entry.line, str(domain)
            yield finding, ()
        return
    for one in found.counting(set_name) if set_name in found.lists else ():
        if domain in one.names:
            yield fault(rule_id, message, one.resource, (*one.path, list(one.names).index(domain)), severity)
            return
