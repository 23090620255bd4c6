"""Rules for clients that compare Host, of requests by plain HTTP; loaded where a list for some clients has such a name.

Envoy compares Host with them as it stands, so that a name is found in lower case alone, and with the port of the list.
"""

from __future__ import annotations

from .identities import TYPE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..sites import Form


def by_host(rules: dict[str, Any], form: Form) -> dict[str, Any]:
    """The `rules` that `limiting.rules` made for names in SNI, for the whole of Host, where names stand by `form`."""
    tree = rules["matcher_tree"]
    names = tree["custom_match"]["typed_config"]
    groups = [{**group, "domains": form.written(group["domains"])} for group in names["domain_matchers"]]
    host = {"@type": TYPE + "envoy.type.matcher.v3.HttpRequestHeaderMatchInput", "header_name": ":authority"}
    return rules | {
        "matcher_tree": {
            "input": {"name": "host", "typed_config": host},
            "custom_match": {**tree["custom_match"], "typed_config": {**names, "domain_matchers": groups}},
        }
    }
