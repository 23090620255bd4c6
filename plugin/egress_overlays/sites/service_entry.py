"""ServiceEntry: `spec.hosts`."""

from __future__ import annotations

from .place import BadPlace, list_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .place import Found


def find(value: dict[str, Any]) -> Found:
    """The list of names in the ServiceEntry `value`."""
    spec = value.get("spec")
    if not isinstance(spec, dict):
        return []
    # One address or endpoint for many unrelated names would send them all to one place. Istio's CRD drops
    # workload_selector, but what reads protobuf's JSON takes it.
    return [
        *list_at(spec, "hosts", ("spec",)),
        *(
            BadPlace(("spec", key), "must be absent: it would send every domain of the list to one place")
            for key in ("addresses", "endpoints", "workloadSelector", "workload_selector")
            if spec.get(key)
        ),
    ]
