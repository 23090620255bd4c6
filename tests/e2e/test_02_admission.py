"""The API server with Istio's CRDs and istiod's webhook is the judge of what the library lets through."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mesh.components import installed
from mesh.network import CommandError
from mesh.overlays import only
from mesh.processes import eventually

import quick_yaml as yaml
from builds import COMPONENTS, OWN_NAMESPACE, ROOT

if TYPE_CHECKING:
    from mesh.cluster import Cluster
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

OVERLAYS = sorted(path.name for path in (ROOT / "overlays").iterdir() if path.is_dir())
NAMES = ["*.example.com", "www.example.org"]
ISTIO = ("networking.istio.io", "telemetry.istio.io", "security.istio.io")

# Lists, each a case of its own. What the library takes of these, Kubernetes and Istio must take too.
TAKEN = [
    ["example.com"],
    [".example.com"],
    ["*.example.com", "www.example.com", "a.b.example.com"],
    ["*.example.com", "*.m.example.com", "example.com"],
    ["EXAMPLE.com", "example.com.", "example.com"],
    ["bücher.example", "*.bücher.example", "faß.example"],
    ["xn--bcher-kva.example"],
    ["a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.example.com"],
    ["l" * 63 + ".example.com"],
    [".".join(["a" * 49] * 5) + ".ab"],  # 252 octets; Kubernetes and DNS allow 253
    ["3com.com", "1.2.3.example", "0-0.example", "a--b.example"],
    ["*.blogspot.com", "*.github.io"],
    [f"host{number}.example.com" for number in range(256)],
    [f"host{number}.example.com" for number in range(257)],
    [f"*.zone{number}.example.com" for number in range(1000)],
]
# Names that the library refuses, whatever the others say.
REFUSED = [
    "*",
    "*.*",
    "*.com",
    "*.co.uk",
    "*wiki.org",
    "en.*.org",
    "wiki*.org",
    "*.",
    "10.0.0.1",
    "::1",
    "10.0.0.0/8",
    "https://example.com",
    "example.com:9093",
    "example.com/path",
    "localhost",
    "intranet",
    "example.123",
    "l" * 64 + ".example.com",
    ".".join(["a" * 49] * 5) + ".abcd",  # 254 octets
    "under_score.example.com",
    "-a.example.com",
    "a-.example.com",
    "a..example.com",
    "exam ple.com",
    "a.example.com,b.example.com",
    "kubernetes.default.svc.cluster.local",
    "egressgateway.istio-egress.svc",
    "www.localhost",
    "www.invalid",
    "example.com\u00a0",
    "exam\u200bple.com",
    "~.example.com",
    "*.*.example.com",
]


@pytest.fixture(scope="module", autouse=True)
def synced(gateway: Proxy, cluster: Cluster) -> None:
    """staging is applied, and the namespace of components/own-namespace, so that each is there for a dry run."""
    del gateway
    cluster.namespace(OWN_NAMESPACE)


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_overlay_is_accepted(name: str, overlays: Overlays, cluster: Cluster) -> None:
    assert cluster.refusals(overlays.build(name)) == ""


@pytest.mark.parametrize("chosen", [(), *((one,) for one in COMPONENTS), COMPONENTS], ids="+".join)
def test_every_component_is_accepted_and_all_together(
    chosen: tuple[str, ...], overlays: Overlays, cluster: Cluster
) -> None:
    assert cluster.refusals(overlays.make(NAMES, components=chosen)) == ""


def test_the_policy_for_all_namespaces_is_accepted(overlays: Overlays, cluster: Cluster) -> None:
    """By the CRD of Kubernetes' network policy group, which such clusters have."""
    crds = installed("network-policy-api-crds")["network-policy-api-crds"]
    cluster.kubectl("apply", "--server-side", "-f", str(crds))
    manifests = overlays.build(overlays.root / "components/restrict-direct-egress/all-namespaces")
    eventually(lambda: "no matches for kind" not in cluster.refusals(manifests), within=30, what="the CRD")
    assert cluster.refusals(manifests) == ""
    assert "Unsupported value" in cluster.refusals(manifests.replace("action: Deny", "action: Refuse"))


def test_every_pair_of_components_is_accepted(overlays: Overlays, cluster: Cluster) -> None:
    assert cluster.refusals(overlays.every_pair) == ""


@pytest.mark.parametrize("domains", TAKEN, ids=lambda domains: f"{len(domains)}x{domains[0][:24]}")
def test_what_the_library_takes_they_accept(domains: list[str], overlays: Overlays, cluster: Cluster) -> None:
    assert cluster.refusals(only(overlays.make(domains), groups=ISTIO)) == ""


def test_what_only_the_library_refuses_is_listed(overlays: Overlays, cluster: Cluster) -> None:
    """refused_by_us_alone.txt holds the names that would have passed every check of Kubernetes and Istio."""
    accepted_by_them = []
    staging = overlays.build("staging")
    for name in REFUSED:
        with pytest.raises(CommandError, match="egress-overlays"):
            overlays.make([name])
        if not cluster.refusals(with_raw_list(staging, [name])):
            accepted_by_them.append(name)

    listed = Path(__file__).with_name("refused_by_us_alone.txt").read_text(encoding="utf-8").splitlines()
    sys.stdout.write("\n".join(accepted_by_them))  # What a failure shows is what the file should hold.
    assert accepted_by_them == [line for line in listed if not line.startswith("#")]


def with_raw_list(manifests: str, names: list[str]) -> str:
    """Istio's objects of these manifests with a list written into them as it stands, as if by hand."""
    found = [item for item in yaml.safe_load_all(only(manifests, groups=ISTIO)) if item]
    for item in found:
        spec = item["spec"]
        if item["kind"] in {"VirtualService", "ServiceEntry"}:
            spec["hosts"] = names
        if item["kind"] == "VirtualService":
            spec["tls"][0]["match"][0]["sniHosts"] = names
        if item["kind"] == "EnvoyFilter":
            for patch in spec["configPatches"]:
                for chain in patch["patch"]["value"].get("filter_chains", []):
                    chain["filter_chain_match"]["server_names"] = names
    return yaml.safe_dump_all(found)


def test_a_build_without_the_function_is_refused(cluster: Cluster, overlays: Overlays) -> None:
    """The second net: no guard, no function, and the API server still refuses the three objects, quoting the hint."""
    refused = cluster.refusals(overlays.bare_base())

    for kind in ("VirtualService", "ServiceEntry", "EnvoyFilter"):
        assert kind in refused
    assert "not injected: build with --enable-alpha-plugins --enable-exec" in refused
