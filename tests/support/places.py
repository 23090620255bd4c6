"""Resources with places for names, made short, and the places that are found in one."""

from __future__ import annotations

from typing import Any

from builders import (
    Value,
    domains,
    envoy_filter,
    service_entry,
    virtual_service,
)
from egress_overlays.manifest.edits import dotted
from egress_overlays.manifest.resource import Resource
from egress_overlays.sites import Place, find

HOSTS = ["*.example.com", "example.com"]


LIST = domains(".example.com")


def places(value: Value) -> list[str]:
    return [
        dotted(place.path) + ("" if isinstance(place, Place) else " !")
        for place in find(Resource(value))
        if hasattr(place, "path")
    ]


def match(*names: str, **fields: Any) -> Value:
    return {"port": 443, "sniHosts": list(names), **fields}


def vs(spec: Any) -> Value:
    return virtual_service(spec=spec)


def se(**fields: Any) -> Value:
    return service_entry(spec={"hosts": ["x.example"], "resolution": "NONE", **fields})


def ef(*chains: Any, **listener: Any) -> Value:
    """An EnvoyFilter that adds a listener with these chains."""
    return patch({"name": "sni_listener", "filter_chains": list(chains), **listener})


def patch(value: Any, applies_to: str = "LISTENER", operation: str = "ADD") -> Value:
    return ef_of({"applyTo": applies_to, "patch": {"operation": operation, "value": value}})


def ef_of(*patches: Any) -> Value:
    item = envoy_filter()
    item["spec"]["configPatches"] = list(patches)
    return item


def beside(applies_to: str, value: Any, operation: str = "INSERT_BEFORE") -> Value:
    """An EnvoyFilter whose first patch is right, and a second one with `value`."""
    first = ef(GOOD)["spec"]["configPatches"][0]
    return ef_of(first, {"applyTo": applies_to, "patch": {"operation": operation, "value": value}})


FORWARDER = {"name": "envoy.filters.network.sni_dynamic_forward_proxy"}


BY_TYPE = {
    "name": "renamed",
    "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.X"},
}


BY_CAMEL_TYPE = {"name": "renamed", "typedConfig": BY_TYPE["typed_config"]}


# istiod reads the camel one of two spellings (golang/protobuf, jsonpb).
BY_BOTH = {"name": "renamed", "typed_config": {}, "typedConfig": BY_TYPE["typed_config"]}


TYPE = "type.googleapis.com/envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig"


STRUCT = "type.googleapis.com/xds.type.v3.TypedStruct"


BY_STRUCT = {"name": "renamed", "typed_config": {"@type": STRUCT, "type_url": TYPE, "value": {}}}


BY_CAMEL_STRUCT = {"name": "renamed", "typed_config": {"@type": STRUCT, "typeUrl": TYPE, "value": {}}}


BY_DISCOVERY = {"name": "x", "config_discovery": {"config_source": {"ads": {}}, "type_urls": [TYPE]}}


ANY = "type.googleapis.com/google.protobuf.Any"


BY_ANY = {"name": "renamed", "typed_config": {"@type": ANY, "value": {"@type": TYPE}}}


NAMED = {"filter_chain_match": {"server_names": ["a.b"]}}


GOOD = {**NAMED, "filters": [FORWARDER]}


PATCHES = "spec.configPatches"


VALUE = f"{PATCHES}[0].patch.value"


SECOND = f"{VALUE}.filter_chains[1]"


CHAIN = "spec.configPatches[0].patch.value.filter_chains[0]"
MATCHER: Value = {"matcher_tree": {}}
