"""Every listener of every gateway that forwards by SNI is tried, or named where it cannot be."""

from __future__ import annotations

import json
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

import quick_yaml as yaml
from builds import build, overlay
from egress_overlays.probe import REACHED, ProbeError, probe

Message = dict[str, Any]
LIST = ("*.wikipedia.org", "pypi.org")
HOSTS = ("en.wikipedia.org", "not-on-the-list.example")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> list[Message]:
    return build(overlay(tmp_path_factory.mktemp("overlay"), (), LIST))


def of(resources: list[Message], kind: str) -> Message:
    (found,) = (resource for resource in resources if resource["kind"] == kind)
    return found


def with_second_gateway(base: list[Message], *, unrestricted: bool) -> list[Message]:
    """`base` and a second egress gateway, with a Deployment, a Gateway, a route and an EnvoyFilter of its own."""
    copies = deepcopy([of(base, kind) for kind in ("Deployment", "Gateway", "VirtualService", "EnvoyFilter")])
    deployment, gateway, service, envoy_filter = copies
    for resource in copies:
        resource["metadata"]["name"] += "-2"
    labels = {"istio": "egress2"}
    deployment["spec"]["template"]["metadata"]["labels"] = labels
    gateway["spec"]["selector"] = envoy_filter["spec"]["workloadSelector"]["labels"] = labels
    service["spec"]["gateways"] = ["istio-egress/sni-egressgateway-2"]
    service["spec"]["tls"] = []
    service["spec"]["tcp"][0]["match"][0]["gateways"] = ["istio-egress/sni-egressgateway-2"]
    if unrestricted:
        del envoy_filter["spec"]["configPatches"][2]["patch"]["value"]["filter_chains"][0]["filter_chain_match"]
    return [*base, *copies]


def with_second_port(base: list[Message], forwarder: str = "sni_cluster") -> list[Message]:
    """`base` with a server on port 9443 as well, which leads to `forwarder`."""
    changed = deepcopy(base)
    servers = of(changed, "Gateway")["spec"]["servers"]
    servers.append({**servers[0], "port": {**servers[0]["port"], "number": 9443, "name": "second"}})
    service = next(r for r in changed if r["kind"] == "VirtualService" and r["spec"].get("tcp"))
    route = deepcopy(service["spec"]["tcp"][0])
    route["match"][0]["port"] = 9443
    service["spec"]["tcp"].append(route)
    patches = of(changed, "EnvoyFilter")["spec"]["configPatches"]
    patch = deepcopy(patches[3])
    patch["match"]["listener"]["portNumber"] = 9443
    patch["patch"]["value"]["typed_config"]["cluster"] = forwarder
    patches.append(patch)
    return changed


def with_open_port(base: list[Message]) -> list[Message]:
    """`base` with a server on port 9443 that leads to a forwarder of its own, which lets every name through."""
    changed = with_second_port(base, "open_cluster")
    patches = of(changed, "EnvoyFilter")["spec"]["configPatches"]
    cluster, listener = deepcopy(patches[0]), deepcopy(patches[2])
    text = yaml.safe_dump(cluster).replace("sni_cluster", "open_cluster").replace("sni_listener", "open_listener")
    listener["patch"]["value"]["name"] = "open_listener"
    del listener["patch"]["value"]["filter_chains"][0]["filter_chain_match"]
    patches += [yaml.safe_load(text), listener]
    return changed


def reached(resources: list[Message], binary: Path) -> list[tuple[str, int, str]]:
    """(workload, port, name) of what got through, of HOSTS."""
    return [
        (result.target.workload.name, result.target.port, result.case.label)
        for result in probe(resources, hosts=HOSTS, binary=binary).results
        if result.outcome == REACHED
    ]


def test_a_second_gateway_is_tried_too(base: list[Message], newest: Path) -> None:
    assert reached(with_second_gateway(base, unrestricted=False), newest) == [
        ("sni-egressgateway", 8443, "en.wikipedia.org"),
        ("sni-egressgateway-2", 8443, "en.wikipedia.org"),
    ]
    assert reached(with_second_gateway(base, unrestricted=True), newest)[1:] == [
        ("sni-egressgateway-2", 8443, "en.wikipedia.org"),
        ("sni-egressgateway-2", 8443, "not-on-the-list.example"),
    ]


def test_a_second_port_is_tried_too(base: list[Message], newest: Path) -> None:
    assert reached(with_second_port(base), newest) == [
        ("sni-egressgateway", 8443, "en.wikipedia.org"),
        ("sni-egressgateway", 9443, "en.wikipedia.org"),
    ]
    assert ("sni-egressgateway", 9443, "not-on-the-list.example") in reached(with_open_port(base), newest)


def test_each_gateway_is_held_to_the_names_that_are_sent_to_it(base: list[Message], newest: Path) -> None:
    """Two gateways with lists of their own: neither is expected to let the other's names through."""
    resources = with_second_gateway(base, unrestricted=False)
    service = deepcopy(of(resources, "Service"))
    service["metadata"]["name"] = "egress2"
    service["spec"]["selector"] = {"istio": "egress2"}
    route = deepcopy(next(r for r in base if r["kind"] == "VirtualService" and r["spec"].get("tls")))
    route["metadata"]["name"] = "to-the-second"
    route["spec"]["tcp"] = []
    for entry in route["spec"]["tls"]:
        entry["match"][0]["sniHosts"] = ["example.net"]
        entry["route"][0]["destination"]["host"] = "egress2.istio-egress.svc.cluster.local"
    envoy_filter = [r for r in resources if r["kind"] == "EnvoyFilter"][1]
    chain = envoy_filter["spec"]["configPatches"][2]["patch"]["value"]["filter_chains"][0]
    chain["filter_chain_match"]["server_names"] = ["example.net"]
    report = probe([*resources, service, route], hosts=["pypi.org", "example.net"], binary=newest)
    assert [(r.target.workload.name, r.case.label, r.case.expected) for r in report.results] == [
        ("sni-egressgateway", "pypi.org", "allow"),
        ("sni-egressgateway", "example.net", "deny"),
        ("sni-egressgateway-2", "pypi.org", "deny"),
        ("sni-egressgateway-2", "example.net", "allow"),
    ]
    assert (report.differing, report.notes) == ([], [])


def test_a_gateway_that_nothing_is_sent_to_is_held_to_all_names(base: list[Message], newest: Path) -> None:
    report = probe(with_second_gateway(base, unrestricted=False), hosts=HOSTS, binary=newest)
    assert report.differing == []
    (note,) = report.notes
    assert note.startswith("Deployment istio-egress/sni-egressgateway-2: no VirtualService of the mesh leads to")


def test_listeners_that_cannot_be_tried_are_named(base: list[Message]) -> None:
    changed = with_second_port(base)
    del of(changed, "EnvoyFilter")["spec"]["configPatches"][-1]
    with pytest.raises(ProbeError, match=r"sni-egressgateway: listener 0.0.0.0_9443: sends to the cluster outbound"):
        probe(changed)
    changed = with_second_port(base)
    of(changed, "Gateway")["spec"]["servers"][1]["tls"] = {"mode": "PASSTHROUGH"}
    service = next(r for r in changed if r["kind"] == "VirtualService" and r["spec"].get("tcp"))
    route = service["spec"]["tcp"].pop()
    route["match"][0]["sniHosts"] = ["en.wikipedia.org"]
    service["spec"]["tls"].append(route)
    with pytest.raises(ProbeError, match=r"listener 0.0.0.0_9443: takes connections without the mesh's mutual TLS"):
        probe(changed)


def said(resources: list[Message], directory: Path, *options: str) -> subprocess.CompletedProcess[str]:
    file = directory / "rendered.yaml"
    file.write_text(yaml.safe_dump_all(resources))
    command = [sys.executable, "-m", "egress_overlays", "probe", str(file), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_table_for_each(base: list[Message], tmp_path: Path) -> None:
    hosts = ("--host", HOSTS[0], "--host", HOSTS[1])
    done = said(with_open_port(base), tmp_path, *hosts)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("Deployment")] == [
        "Deployment istio-egress/sni-egressgateway, port 8443, for names at 443:",
        "Deployment istio-egress/sni-egressgateway, port 9443, for names at 443:",
    ]
    assert len(lines) == 9  # two tables of a title, a header and two rows, and an empty line between them
    assert (
        "4 connections as default/probe through Deployment istio-egress/sni-egressgateway (ports 8443, 9443)"
        in done.stderr
    )
    found = json.loads(said(with_open_port(base), tmp_path, *hosts, "-o", "json").stdout)["connections"]
    assert [(one["workload"], one["port"], one["asExpected"]) for one in found] == [
        ("Deployment istio-egress/sni-egressgateway", 8443, True),
        ("Deployment istio-egress/sni-egressgateway", 8443, True),
        ("Deployment istio-egress/sni-egressgateway", 9443, True),
        ("Deployment istio-egress/sni-egressgateway", 9443, False),
    ]
