"""FirewallPolicy of a company's own operator: `spec.rules[].hosts`, where `below: true` stands for our `*.`."""

from typing import Any

from egress_overlays.sites import POLICY, BadPlace, Form, Place, Site, list_at, mappings


def _write(name: str) -> dict[str, Any]:
    return {"host": name[2:], "below": "true"} if name.startswith("*.") else {"host": str(name)}


def _read(entry: Any) -> str | None:
    """The name of an entry; None for what `_write` would not make, so that nobody takes it for a name."""
    if not isinstance(entry, dict) or not isinstance(entry.get("host"), str):
        return None
    name = "*." + entry["host"] if entry.get("below") == "true" else entry["host"]
    return name if _write(name) == entry else None


HOSTS = Form(_write, _read)


def find(value: dict[str, Any]) -> list[Place | BadPlace]:
    """The lists of names in a FirewallPolicy, and what would let through more than they say."""
    found: list[Any] = []
    spec = value.get("spec")
    for rule, path in mappings(spec if isinstance(spec, dict) else {}, "rules", ("spec",), found):
        if rule.get("action", "allow") == "allow":
            found += list_at(rule, "hosts", path, HOSTS)
            if "hosts" not in rule:
                found.append(BadPlace(path, "allows everything; write hosts in it", opens=True))
    return found


SITE = Site("firewall.example.com", "FirewallPolicy", find, hop=POLICY, holds="spec.rules[].hosts", limit=500)
