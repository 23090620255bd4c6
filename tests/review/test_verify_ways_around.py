"""`verify`, `check` and `diff` on what leads past the gateway, or past its lists."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from live import built, findings, of, text

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

    Object = dict[str, Any]
from live import gateway


def entry(protocol: str, **spec: Any) -> Object:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": {"name": "broker", "namespace": "shop"},
        "spec": {
            "hosts": ["broker.vendor.example"],
            "location": "MESH_EXTERNAL",
            "ports": [{"number": 443, "name": "x", "protocol": protocol}],
            **spec,
        },
    }


def sidecar(namespace: str, mode: str) -> Object:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Sidecar",
        "metadata": {"name": "default", "namespace": namespace},
        "spec": {"egress": [{"hosts": ["*/*"]}], "outboundTrafficPolicy": {"mode": mode}},
    }


def told(run: Run, *more: Object) -> list[tuple[str, str]]:
    return [(one["rule"], one["severity"]) for one in findings(run, [*built(), *more])]


class TestWaysAround:
    """What leads past the gateway; where the mesh is closed to what is not registered, it is an error."""

    closed = sidecar("istio-system", "REGISTRY_ONLY")

    def test_a_port_that_looks_at_no_name_opens_every_name(self, run: Run) -> None:
        assert told(run, entry("TCP")) == [("bypass", "error")]
        assert told(run, entry("TCP", addresses=["192.0.2.1"])) == [("beside", "warning")]

    def test_a_name_of_ones_own(self, run: Run) -> None:
        assert told(run, entry("TLS")) == [("beside", "warning")]
        assert told(run, entry("TLS"), self.closed) == [("beside", "error")]
        assert told(run, entry("TLS", location="MESH_INTERNAL"), self.closed) == []

    def test_a_sidecar_that_allows_everything(self, run: Run) -> None:
        assert told(run, self.closed, sidecar("shop", "ALLOW_ANY")) == [("beside", "error")]
        assert told(run, self.closed, sidecar("shop", "REGISTRY_ONLY")) == []

    @pytest.mark.parametrize("name", ["pypi.org", "*.org", "x.okta.com"])
    def test_a_route_elsewhere_for_a_listed_name(self, name: str, run: Run) -> None:
        route: Object = {
            "match": [{"port": 443, "sniHosts": [name]}],
            "route": [{"destination": {"host": "elsewhere.shop.svc.cluster.local"}}],
        }
        service = {
            "apiVersion": "networking.istio.io/v1",
            "kind": "VirtualService",
            "metadata": {"name": "older", "namespace": "shop"},
            "spec": {"hosts": [name], "tls": [route]},
        }
        assert told(run, service) == [("bypass", "error")]
        route["match"][0]["sniHosts"] = ["other.example"]
        assert told(run, service) == []

    def test_a_destination_rule_without_mutual_tls(self, run: Run) -> None:
        rule: Object = copy.deepcopy(of(built(), "DestinationRule"))
        rule["metadata"] |= {"name": "other", "namespace": "shop"}
        assert told(run, rule) == []
        rule["spec"]["trafficPolicy"]["tls"]["mode"] = "DISABLE"
        assert told(run, rule) == [("beside", "error")]


def test_check_and_diff_say_what_goes_past_the_lists(run: Run, tmp_path: Path) -> None:
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    before.write_bytes(text(built()))
    assert "past the lists" not in run("check", "evil.example", before).out
    opened = gateway({"number": 9443, "protocol": "TLS"}, {"mode": "PASSTHROUGH"})
    after.write_bytes(text([*built(), opened]))
    outcome = run("check", "evil.example", after)
    assert outcome.code == 1
    assert "but Gateway blog/blog may let it past the lists" in outcome.out
    outcome = run("diff", "--exit-code", before, after)
    assert outcome.code == 1
    assert "Gateway blog/blog" in outcome.out
