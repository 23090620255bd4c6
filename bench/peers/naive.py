"""The plain injection as one writes it first: PyYAML reads the whole list, json writes it."""
# mypy: disable-error-code="type-arg"
# Plain as it is on purpose: no typing, which the start would pay for.

import json
import sys

import yaml

INJECT = "egress-overlays.dev/inject"
SET = "egress-overlays.dev/set"
STATE = "egress-overlays.dev/state"
LOCAL = "config.kubernetes.io/local-config"


def main() -> None:
    """A ResourceList from stdin to stdout."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    resources = yaml.load(sys.stdin.buffer, Loader=loader)  # noqa: S506 - a safe one
    sets: dict = {}
    for item in resources["items"]:
        metadata = item["metadata"]
        name = (metadata.get("labels") or {}).get(SET)
        if item["kind"] == "ConfigMap" and name:
            for text in item["data"].values():
                lines = (line.partition("#")[0].strip() for line in text.split("\n"))
                sets.setdefault(name, []).extend(filter(None, lines))
            metadata.setdefault("annotations", {})[LOCAL] = "true"
    for item in resources["items"]:
        name = (item["metadata"].get("annotations") or {}).get(INJECT)
        if name:
            inject(item, sets[name])
            item["metadata"].setdefault("labels", {})[STATE] = "injected"
    json.dump(resources, sys.stdout, ensure_ascii=False)


def inject(item: dict, hosts: list) -> None:
    """Put `hosts` into every place of `item`."""
    if item["kind"] in ("VirtualService", "ServiceEntry"):
        item["spec"]["hosts"] = hosts
        for route in item["spec"].get("tls", ()):
            for match in route["match"]:
                match["sniHosts"] = hosts
    else:
        server_names(item["spec"]["configPatches"], hosts)


def server_names(node: object, hosts: list) -> None:
    """Set filter_chain_match.server_names wherever it stands below `node`."""
    if isinstance(node, list):
        for child in node:
            server_names(child, hosts)
    elif isinstance(node, dict):
        for key, child in node.items():
            if key == "filter_chain_match" and "server_names" in child:
                child["server_names"] = hosts
            else:
                server_names(child, hosts)


main()
