"""Lists for some clients, and lines that deny, by plain HTTP: an overlay with them, and where that stands in it."""

from __future__ import annotations

from typing import Any

from builds import sources
from egress_overlays.manifest.edits import at

Object = dict[str, Any]
COMPONENTS = ("client-lists", "report", "plain-http", "plain-http/client-lists")
LISTS: dict[str, tuple[str, dict[str, str]]] = {
    "shared": (
        "a.example.com\nhttp://deb.example.com\nhttp://*.everybody.example.com\n!http://no.everybody.example.com\n",
        {},
    ),
    "team": ("http://own.example.com\nhttp://*.mirror.example.com:18080\nb.example.com\n", {"clients": "shop\n"}),
    "blog": (
        "http://*.mirror.example.com:18080\n!http://admin.mirror.example.com:18080\n",
        {"clients": "blog/app\n"},
    ),
}
LISTED = sources({name: ({"names": names}, annotations) for name, (names, annotations) in LISTS.items()})
MANAGER = ("spec", "configPatches", 2, "patch", "value", "filter_chains", 0, "filters", 0, "typed_config")


def named(objects: list[Object], kind: str, name: str) -> Object:
    return next(one for one in objects if (one["kind"], one["metadata"]["name"]) == (kind, name))


def manager(objects: list[Object], name: str = "sni-egressgateway-http") -> Any:
    return at(named(objects, "EnvoyFilter", name), MANAGER)


def clients(objects: list[Object], name: str = "sni-egressgateway-http") -> Any:
    (found,) = [one for one in manager(objects, name)["http_filters"] if one["name"] == "egress-overlays.clients"]
    return found["typed_config"]


def groups(objects: list[Object], name: str = "sni-egressgateway-http") -> Any:
    tree = clients(objects, name)["matcher"]["matcher_tree"]
    return tree["custom_match"]["typed_config"]["domain_matchers"]
