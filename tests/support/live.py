"""Objects as they run in a mesh: those of prod, and others beside them."""

from __future__ import annotations

import copy
import json
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import quick_yaml as yaml

if TYPE_CHECKING:
    from collections.abc import Callable

    from command import Outcome, Run

    Object = dict[str, Any]

LABELS = {"istio": "sni-egressgateway"}
LIVE = ("VirtualService", "ServiceEntry", "EnvoyFilter", "Gateway")
TCP_PROXY = {"name": "envoy.filters.network.tcp_proxy", "typed_config": {"cluster": "elsewhere"}}


@cache
def _prod() -> str:
    overlay = Path(__file__).parents[2] / "overlays/prod"
    command = ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec", str(overlay)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return json.dumps(list(yaml.safe_load_all(done.stdout)))


def built() -> list[Object]:
    """What prod builds to."""
    return list(json.loads(_prod()))


def live() -> list[Object]:
    """What kubectl prints of the kinds that `verify` wants at least."""
    return [one for one in built() if one["kind"] in LIVE]


def of(objects: list[Object], kind: str) -> Object:
    return next(one for one in objects if one["kind"] == kind)


def text(objects: list[Object]) -> bytes:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}).encode()


def verified(run: Run, *arguments: object, stdin: bytes = b"") -> list[dict[str, Any]]:
    """What `verify` finds in files or directories; its exit code must go with that."""
    outcome = run("verify", "-o", "json", *arguments, stdin=stdin)
    found = [one for path in json.loads(outcome.out) for one in path["findings"]]
    assert outcome.code == int(any(one["severity"] == "error" for one in found))
    return found


def changed(run: Run, made: list[Object], change: Callable[[list[Object]], None], *beside: Object) -> Outcome:
    """What `verify` says of objects after this change of them, which it has to tell."""
    objects = copy.deepcopy(made)
    change(objects)
    assert objects != made
    return run("verify", "-", stdin=text([*objects, *beside]))


def findings(run: Run, objects: list[Object], *options: str) -> list[dict[str, Any]]:
    (found,) = json.loads(run("verify", "-o", "json", *options, "-", stdin=text(objects)).out)
    return [one for one in found["findings"] if one["severity"] != "info"]


def told(run: Run, objects: list[Object]) -> dict[str, set[str]]:
    """The rules that have something to say, by severity."""
    found: dict[str, set[str]] = {}
    for each in findings(run, objects):
        found.setdefault(each["severity"], set()).add(each["rule"])
    return found


def bypasses(run: Run, objects: list[Object], *options: str) -> list[str]:
    """The worst severity of `bypass` or `unknown` for each object; nothing else may be found."""
    found = findings(run, objects, *options)
    assert {one["rule"] for one in found} <= {"bypass", "unknown"}, found
    worst: dict[str, str] = {}
    for one in found:
        worst[one["object"]] = min(worst.get(one["object"], "warning"), one["severity"])
    return list(worst.values())


def chains(envoy_filter: Object) -> list[Object]:
    for patch in envoy_filter["spec"]["configPatches"]:
        if "filter_chains" in patch["patch"]["value"]:
            return list(patch["patch"]["value"]["filter_chains"])
    raise AssertionError


def sneaky(objects: list[Object], names: list[str] | None) -> Object:
    """A second forwarder beside ours, with clusters and a listener of its own, for `names`; for every name, if None."""
    like = json.dumps(of(objects, "EnvoyFilter"))
    for name in ("sni_cluster", "sni_listener", "dynamic_forward_proxy_cluster"):
        like = like.replace(name, f"other_{name}")
    found: Object = json.loads(like)
    found["metadata"] = {"name": "sneaky", "namespace": found["metadata"]["namespace"]}
    (chain,) = chains(found)
    if names is None:
        del chain["filter_chain_match"]
    else:
        chain["filter_chain_match"]["server_names"] = names
    return found


def small(*patches: Object, namespace: str = "istio-egress", labels: dict[str, str] | None = None) -> Object:
    spec: Object = {"configPatches": list(patches)}
    if labels != {}:
        spec["workloadSelector"] = {"labels": labels or {"istio": "sni-egressgateway"}}
    return {
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "EnvoyFilter",
        "metadata": {"name": "small", "namespace": namespace},
        "spec": spec,
    }


def patch(apply_to: str, operation: str, value: Object, listener: Object | None = None, **match: Any) -> Object:
    return {
        "applyTo": apply_to,
        "match": {"context": "GATEWAY", **({"listener": listener} if listener else {}), **match},
        "patch": {"operation": operation, "value": value},
    }


def chain(names: list[str] | None = None, filters: list[Object] | None = None) -> Object:
    match = {} if names is None else {"filter_chain_match": {"server_names": names}}
    return {**match, "filters": [TCP_PROXY] if filters is None else filters}


def service(route: Object, kind: str = "tls", namespace: str = "shop") -> Object:
    match = {"tls": {"port": 443, "sniHosts": ["evil.example"]}, "tcp": {"port": 443}}[kind]
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "other", "namespace": namespace},
        "spec": {"hosts": ["evil.example"], kind: [{"match": [match], "route": [{"destination": route}]}]},
    }


def gateway(port: Object, tls: Object, selector: Object | None = None) -> Object:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "blog", "namespace": "blog"},
        "spec": {
            "selector": LABELS if selector is None else selector,
            "servers": [{"port": port, "hosts": ["*"], "tls": tls}],
        },
    }
