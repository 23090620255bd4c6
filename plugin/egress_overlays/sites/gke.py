"""GKE's FQDNNetworkPolicy (networking.gke.io/v1alpha1): `spec.egress[].matches`, which hold `name` or `pattern`.

`*` in a pattern stands for one label: `*.company.com` is api.company.com, and not eu.api.company.com or company.com
(GKE, "Control Pod egress traffic using FQDN network policies"). What our wildcards mean below that is left out.
"""

from __future__ import annotations

from .site import POLICY, BadPlace, Form, Site, list_at, mappings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .site import Found


def _write(name: str) -> dict[str, str]:
    return {"pattern" if name[:1] == "*" else "name": str(name)}


def _read(entry: Any) -> str | None:
    name = entry.get("pattern", entry.get("name")) if isinstance(entry, dict) else None
    return name if isinstance(name, str) and _write(name) == entry else None


MATCHES = Form(
    _write, _read, "stands for one label in place of the * here, as GKE has it; names further down are refused"
)


def find(value: dict[str, Any]) -> Found:
    """The lists of names in the FQDNNetworkPolicy `value`."""
    found: Found = []
    spec = value.get("spec")
    if isinstance(spec, dict):
        for rule, path in mappings(spec, "egress", ("spec",), found):
            if "matches" not in rule:
                found.append(BadPlace((*path, "matches"), "must be present in an egress rule", opens=True))
            found += list_at(rule, "matches", path, MATCHES)
    return found


SITE = Site("networking.gke.io", "FQDNNetworkPolicy", find, hop=POLICY, holds="spec.egress[].matches")
