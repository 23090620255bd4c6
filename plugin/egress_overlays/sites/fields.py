"""The types of what is read in Istio's kinds beside their lists: a mapping with these fields, a list of these, or text.

By Istio's reference of networking.istio.io.
"""

from __future__ import annotations

from typing import Any

TEXTS = ["text"]

SPECS: dict[str, dict[str, Any]] = {
    "EnvoyFilter": {
        "workloadSelector": {"labels": {}},
        "configPatches": [
            {
                "applyTo": "text",
                "match": {"context": "text", "listener": {"name": "text", "filterChain": {"filter": {"name": "text"}}}},
                "patch": {"operation": "text", "value": {}},
            }
        ],
    },
    "ServiceEntry": {"exportTo": TEXTS, "ports": [{"protocol": "text"}]},
    "VirtualService": {
        "gateways": TEXTS,
        "exportTo": TEXTS,
        "tls": [{"match": [{"gateways": TEXTS}], "route": [{"destination": {"host": "text"}}]}],
        "tcp": [{"match": [{"gateways": TEXTS}], "route": [{"destination": {"host": "text"}}]}],
    },
}
