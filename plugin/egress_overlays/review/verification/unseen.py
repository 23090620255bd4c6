"""What verify could not look at, since these manifests have none of it: it may be as it should, or missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...manifest.findings import INFO
from ...sites import BY_PATCHES, acts
from .fault import fault

if TYPE_CHECKING:
    from ...rendered.rendered import Rendered
    from .fault import Faults, Options

_PARTS = {
    "Gateway": "who may connect",
    "DestinationRule": "how sidecars connect",
    "Service": "where they connect to",
    "Deployment": "which pods they reach",
    "NetworkPolicy": "where those may connect to",
}


def rule(found: Rendered, _options: Options) -> Faults:
    """The kinds of base/ of which none is at hand, beside a gateway's EnvoyFilter."""
    holder = next((one for one in found.members if acts(one, BY_PATCHES)), None)
    here = {one.kind for one in found.resources}
    missing = [f"{kind} ({what})" for kind, what in _PARTS.items() if kind not in here]
    if holder is not None and missing:
        message = f"not looked at, for these manifests have none: {', '.join(missing)}"
        yield fault("unseen", message, holder, (), INFO)
