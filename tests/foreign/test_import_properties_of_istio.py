"""What `import` makes of random Istio manifests: nothing is open that the mesh denied, unless a note says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

import quick_yaml as yaml
from egress_overlays import Source, import_lists
from evaluated import GLOB, HOSTS, any_under, check, under

if TYPE_CHECKING:
    from collections.abc import Sequence

OUT, NOWHERE = "egress.istio-egress.svc.cluster.local", "blackhole.invalid"
ROUTE = st.tuples(st.lists(GLOB, min_size=1, max_size=2), st.sampled_from([443, 8443, None]), st.booleans())
SOME = st.one_of(st.none(), st.lists(GLOB, min_size=1, max_size=3))
POLICY = st.tuples(st.sampled_from(["ALLOW", "DENY"]), st.lists(GLOB, min_size=1, max_size=2))
ENTRY = st.tuples(GLOB, st.sampled_from([443, 8443]), st.sampled_from(["MESH_EXTERNAL", "MESH_INTERNAL"]))


def most_specific(patterns: Sequence[str], host: str) -> str:
    """The pattern that a filter chain is chosen by: the name, else the longest wildcard; empty where none is for it."""
    return max((one for one in patterns if under(one, host)), key=lambda one: (one[0] != "*", len(one)), default="")


def decide(
    host: str,
    routes: list[tuple[list[str], int | None, bool]],
    hops: list[list[str] | None],
    policies: list[tuple[str, list[str]]],
    entries: list[tuple[str, int, str]],
    *,
    at: int = 443,
) -> bool:
    """Sidecar, then every hop that looks at names, then the policies (Istio's references, filter chains of Envoy)."""
    there = [(name, closed) for names, port, closed in routes if port in (at, None) for name in names]
    chosen = most_specific([name for name, _ in there], host)
    if not chosen or any(closed for name, closed in there if name == chosen):
        return False
    if any(hop is not None and not any_under(hop, host) for hop in hops):
        return False
    if any(action == "DENY" and any_under(names, host) for action, names in policies):
        return False
    allowing = [names for action, names in policies if action == "ALLOW"]
    if allowing and not any(any_under(names, host) for names in allowing):
        return False
    # The route stands for names that entries may know; one for all that it matches says where these are.
    holders = [(port, where) for name, port, where in entries if name == chosen or under(name, chosen)]
    return not holders or any(port == at and where == "MESH_EXTERNAL" for port, where in holders)


def written(kind: str, spec: dict[str, Any], name: str, group: str = "networking") -> dict[str, Any]:
    return {
        "apiVersion": f"{group}.istio.io/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "n"},
        "spec": spec,
    }


MESHES = st.fixed_dictionaries(
    {
        "routes": st.lists(ROUTE, min_size=1, max_size=3),
        "gateway": SOME,
        "at_gateway": SOME,
        "server_names": SOME,
        "policies": st.lists(POLICY, max_size=2),
        "entries": st.lists(ENTRY, max_size=2),
    }
)


@settings(max_examples=300)
@given(mesh=MESHES)
def test_istio(mesh: dict[str, Any]) -> None:
    hops = [mesh[key] for key in ("gateway", "at_gateway", "server_names")]
    gateway, at_gateway, server_names = hops
    routes, policies, entries = mesh["routes"], mesh["policies"], mesh["entries"]
    tls: list[dict[str, Any]] = [
        {
            "match": [{"gateways": ["mesh"], "sniHosts": names, **({"port": port} if port else {})}],
            "route": [{"destination": {"host": NOWHERE if closed else OUT}}],
        }
        for names, port, closed in routes
    ]
    if at_gateway is not None:
        tls.append(
            {"match": [{"gateways": ["egress"], "sniHosts": at_gateway}], "route": [{"destination": {"host": "x.y"}}]}
        )
    objects = [written("VirtualService", {"hosts": HOSTS, "gateways": ["mesh", "egress"], "tls": tls}, "v")]
    if gateway is not None:
        server = {"port": {"number": 443, "protocol": "TLS"}, "hosts": gateway, "tls": {"mode": "PASSTHROUGH"}}
        objects.append(written("Gateway", {"selector": {"istio": "egress"}, "servers": [server]}, "egress"))
    if server_names is not None:
        chain = {
            "filter_chain_match": {"server_names": server_names},
            "filters": [{"name": "envoy.filters.network.sni_dynamic_forward_proxy"}],
        }
        listener = {"name": "sni", "internal_listener": {}, "filter_chains": [chain]}
        patch = {
            "applyTo": "LISTENER",
            "match": {"context": "GATEWAY"},
            "patch": {"operation": "ADD", "value": listener},
        }
        objects.append(written("EnvoyFilter", {"configPatches": [patch]}, "f"))
    for number, (action, names) in enumerate(policies):
        rule = {"when": [{"key": "connection.sni", "values": names}]}
        objects.append(written("AuthorizationPolicy", {"action": action, "rules": [rule]}, f"p{number}", "security"))
    for number, (name, port, where) in enumerate(entries):
        ports = [{"number": port, "name": "tls", "protocol": "TLS"}]
        objects.append(written("ServiceEntry", {"hosts": [name], "location": where, "ports": ports}, f"e{number}"))
    found = import_lists([Source("i.yaml", yaml.safe_dump_all(objects).encode())])
    check(found, lambda host: decide(host, routes, hops, policies, entries))
    check(found, lambda host: decide(host, routes, hops, policies, entries, at=8443), 8443)


def test_hosts_of_a_gateway_for_plain_http_are_no_way_for_tls() -> None:
    """Gateway, Server: a server of protocol HTTP looks at the Host of plain HTTP."""
    tls = [{"match": [{"gateways": ["mesh"], "sniHosts": ["example.com"]}], "route": [{"destination": {"host": OUT}}]}]
    routes = {"hosts": ["example.com"], "gateways": ["mesh", "egress"], "tls": tls}
    server = {"port": {"number": 80, "protocol": "HTTP"}, "hosts": ["example.com"]}
    objects = [
        written("VirtualService", routes, "v"),
        written("Gateway", {"selector": {"istio": "egress"}, "servers": [server]}, "egress"),
    ]
    found = import_lists([Source("i.yaml", yaml.safe_dump_all(objects).encode())])
    assert (found.groups, [note.kind for note in found.notes]) == ({}, ["left out"])
