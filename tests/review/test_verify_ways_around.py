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
        without = entry("TLS")
        del without["spec"]["location"]  # as MESH_EXTERNAL (Istio, ServiceEntry.location)
        assert told(run, without, self.closed) == [("beside", "error")]

    def test_a_name_that_is_said_to_be_of_the_mesh(self, run: Run) -> None:
        """Without endpoints a connection goes where it was made to, or where DNS says: tests/e2e/test_25."""
        inside: Object = {"location": "MESH_INTERNAL"}
        assert told(run, entry("TLS", **inside), self.closed) == [("beside", "error")]
        assert told(run, entry("TLS", **inside, workloadSelector={"labels": {"app": "vm"}}), self.closed) == []
        assert told(run, entry("TLS", **inside, endpoints=[{"address": "10.1.2.3"}]), self.closed) == []
        outside = [{"address": "10.1.2.3"}, {"address": "1.1.1.1"}]
        assert told(run, entry("TLS", **inside, endpoints=outside), self.closed) == [("beside", "error")]

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
        rule["spec"]["host"] = "*.local"
        assert told(run, rule) == [("beside", "error")]
        rule["metadata"]["namespace"] = "istio-egress"  # stands back behind the exact one
        assert told(run, rule) == []

    def test_a_destination_rule_without_the_subset(self, run: Run) -> None:
        rule: Object = copy.deepcopy(of(built(), "DestinationRule"))
        rule["metadata"] |= {"name": "other", "namespace": "shop"}
        del rule["spec"]["subsets"]
        assert told(run, rule) == [("dangling", "error")]
        rule["metadata"]["namespace"] = "istio-egress"  # merged with the one that has it
        assert told(run, rule) == []


def test_check_and_diff_say_what_goes_past_the_lists(run: Run, tmp_path: Path) -> None:
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    before.write_bytes(text(built()))
    assert "past the lists" not in run("check", "evil.example", before).out
    opened = gateway({"number": 9443, "protocol": "TLS"}, {"mode": "PASSTHROUGH"})
    after.write_bytes(text([*built(), opened]))
    outcome = run("check", "evil.example", after)
    assert outcome.code == 1
    assert "but Gateway blog/blog may let it past the lists" in outcome.out
    outcome = run("check", "pypi.org", after)
    assert outcome.code == 0
    assert "but Gateway blog/blog may keep it from working" in outcome.out
    outcome = run("diff", "--exit-code", before, after)
    assert outcome.code == 1
    assert "Gateway blog/blog" in outcome.out


REMOVED = {
    "DestinationRule": "1 object beside the lists changed",
    "Gateway": "1 object beside the lists changed",
    "NetworkPolicy": "1 way around the lists",
}


@pytest.mark.parametrize("kind", REMOVED)
def test_diff_says_what_was_removed(kind: str, run: Run, tmp_path: Path) -> None:
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    before.write_bytes(text(built()))
    after.write_bytes(text([one for one in built() if one["kind"] != kind]))
    outcome = run("diff", "--exit-code", before, after)
    assert outcome.code == 1
    assert outcome.out.startswith(REMOVED[kind])
    assert any(f"{kind} istio-egress/" in line for line in outcome.out.splitlines()[:3])


NEIGHBOURS: dict[str, tuple[Object, str]] = {
    "a Sidecar": (sidecar("shop", "REGISTRY_ONLY"), "Sidecar shop/default was {}"),
    "a NetworkPolicy": (
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "closed", "namespace": "shop"},
            "spec": {"podSelector": {}, "policyTypes": ["Egress"]},
        },
        "NetworkPolicy shop/closed was {}",
    ),
    "a PeerAuthentication": (
        {
            "apiVersion": "security.istio.io/v1",
            "kind": "PeerAuthentication",
            "metadata": {"name": "default", "namespace": "istio-egress"},
            "spec": {"mtls": {"mode": "STRICT"}},
        },
        "PeerAuthentication istio-egress/default was {}",
    ),
}


@pytest.mark.parametrize("what", NEIGHBOURS)
def test_diff_names_what_closes_or_opens_ways_out(what: str, run: Run, tmp_path: Path) -> None:
    neighbour, said = NEIGHBOURS[what]
    without, with_it, changed = (tmp_path / f"{name}.json" for name in ("without", "with", "changed"))
    without.write_bytes(text(built()))
    with_it.write_bytes(text([*built(), neighbour]))
    relabelled: Object = copy.deepcopy(neighbour)
    relabelled["metadata"]["labels"] = {"team": "shop"}
    relabelled["status"] = {"x": 1}
    assert run("diff", "--exit-code", with_it, with_it).code == 0
    for before, after, words in ((without, with_it, "added"), (with_it, without, "removed")):
        outcome = run("diff", "--exit-code", before, after)
        assert outcome.code == 1
        assert outcome.out.startswith("1 object beside the lists changed")
        assert said.format(words) in outcome.out
    changed.write_bytes(text([*built(), relabelled]))
    assert run("diff", "--exit-code", with_it, changed).code == 0
    relabelled["spec"]["extra"] = {"more": True}
    changed.write_bytes(text([*built(), relabelled]))
    assert said.format("changed: spec.extra") in run("diff", with_it, changed).out


def test_what_is_not_at_hand_is_not_called_fine(run: Run) -> None:
    few = [one for one in built() if one["kind"] not in ("Gateway", "Deployment")]
    outcome = run("verify", "-", stdin=text(few))
    assert outcome.code == 0
    assert "not looked at, for these manifests have none: Gateway (who may connect), Deployment" in outcome.out
    assert "not looked at" not in run("verify", "-", stdin=text(built())).out


def test_pods_in_the_nodes_network_have_no_policies(run: Run) -> None:
    objects = built()
    of(objects, "Deployment")["spec"]["template"]["spec"]["hostNetwork"] = True
    assert [(one["rule"], one["severity"]) for one in findings(run, objects)] == [("kernel", "error")]
