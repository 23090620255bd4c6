"""What `diff` says of objects beside the lists: what follows from a list, what surely opens nothing, and all else."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

import big_tree
from live import built, of, text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from command import Run

    Object = dict[str, Any]

PORT = "    broker.crm.example:9093\n"


@pytest.fixture
def crm(tree: Path, request: pytest.FixtureRequest) -> Path:
    """The list of crm, in a tree whose one overlay has room for ports."""
    import shutil

    shutil.rmtree(tree / "overlays")
    big_tree.write(tree, ("prod",))
    file = tree / "overlays/prod/kustomization.yaml"
    file.write_text(file.read_text().replace("components: [", "components: [../../components/ports, "))
    request.getfixturevalue("repository")
    return tree / "teams/crm.yaml"


def rows(run: Run, *words: object) -> list[dict[str, Any]]:
    return list(json.loads(run("diff", *words, "-o", "json").out)["changes"])


def test_what_the_function_opens_for_a_port_follows_from_the_line(run: Run, crm: Path) -> None:
    before = crm.read_text()
    crm.write_text(before + PORT)
    opened, follows = rows(run, "--rev", "HEAD")
    line = before.count("\n") + 1
    assert (opened["kind"], opened["names"]) == ("opens", ["broker.crm.example:9093"])
    assert (follows["kind"], follows["names"]) == ("follows", opened["names"])
    assert follows["said"] == (
        "port 9093 is open now at Service istio-egress/egressgateway, Gateway istio-egress/sni-egressgateway and "
        "NetworkPolicy istio-egress/sni-egressgateway"
    )
    assert [(row["file"], row["line"]) for row in (opened, follows)] == [("teams/crm.yaml", line)] * 2
    said = run("diff", "--rev", "HEAD", "-o", "markdown").out
    assert said.splitlines()[2] == "**1 name opens**"
    before_it, _, after_it = said.partition("**What follows from the lists**")
    assert "NetworkPolicy" not in before_it.partition("**What opens**")[2]
    assert "port 9093 is open now at Service istio-egress/egressgateway, Gateway" in after_it


def test_what_somebody_opens_beside_it_does_not_follow(run: Run, crm: Path) -> None:
    crm.write_text(crm.read_text() + PORT)
    overlay = crm.parents[1] / "overlays/prod/kustomization.yaml"
    wide = {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 9093, "protocol": "TCP"}, {"port": 22}]}
    rule = json.dumps(json.dumps([{"op": "add", "path": "/spec/egress/-", "value": wide}]))
    overlay.write_text(f"{overlay.read_text()}patches: [{{target: {{kind: NetworkPolicy}}, patch: {rule}}}]\n")
    found = rows(run, "--rev", "HEAD")
    (beside,) = (row for row in found if row["kind"] in ("beside", "around"))
    assert beside["said"] == (
        "NetworkPolicy istio-egress/sni-egressgateway was changed: spec.egress, new: "
        f"{json.dumps({key: wide[key] for key in sorted(wide)})}"
    )
    head = run("diff", "--rev", "HEAD", "-o", "markdown").out.splitlines()[:10]
    assert any("0.0.0.0/0" in line and "22" in line for line in head)
    (follows,) = (row for row in found if row["kind"] == "follows")
    assert follows["names"] == ["broker.crm.example:9093"]


@pytest.mark.long
def test_a_server_with_the_name_of_a_port_does_not_follow(run: Run, crm: Path) -> None:
    crm.write_text(crm.read_text() + PORT)
    overlay = crm.parents[1] / "overlays/prod/kustomization.yaml"
    port = {"number": 8080, "name": "tls-egress-9093", "protocol": "TLS"}
    server = {"port": port, "hosts": ["*"], "tls": {"mode": "PASSTHROUGH"}}
    rule = json.dumps(json.dumps([{"op": "add", "path": "/spec/servers/-", "value": server}]))
    # Of a layer outside: the function, which runs here, would take it out.
    outer = overlay.parents[1] / "outer"
    outer.mkdir()
    patch = f"{{target: {{kind: Gateway}}, patch: {rule}}}"
    (outer / "kustomization.yaml").write_text(f"resources: [../prod]\npatches: [{patch}]\n")
    found = rows(run, "overlays/prod", "overlays/outer")
    assert {row["kind"] for row in found} <= {"around", "beside"}
    assert "Gateway istio-egress/sni-egressgateway" in found[0]["said"]


def test_a_port_that_is_gone_is_closed(run: Run, crm: Path, git_commit: Callable[[str], None]) -> None:
    before = crm.read_text()
    crm.write_text(before + PORT)
    git_commit("with a port")
    crm.write_text(before)
    follows, closed = rows(run, "--rev", "HEAD")
    assert (follows["kind"], closed["kind"], follows["side"]) == ("follows", "closes", "base")
    assert follows["said"].startswith("port 9093 is closed now at Service istio-egress/egressgateway, Gateway istio-eg")


def test_as_many_names_are_risky_in_the_first_line_as_in_the_rows(
    run: Run, crm: Path, git_commit: Callable[[str], None]
) -> None:
    crm.write_text(crm.read_text() + "    pastebin.com\n    data.ngrok.app\n")
    git_commit("two risky names for crm")
    limited = "  annotations:\n    egress-overlays.dev/clients: crm\n"
    crm.write_text(crm.read_text().replace(limited, "") + "    *.s3.amazonaws.com\n")
    found = json.loads(run("diff", "--rev", "HEAD", "-o", "json").out)
    assert {row["kind"]: row["risky"] for row in found["changes"]} == {
        "lifted": ["data.ngrok.app", "pastebin.com"],
        "opens": ["*.s3.amazonaws.com"],
    }
    assert found["counts"]["risks"] == 3
    said = run("diff", "--rev", "HEAD", "-o", "markdown").out
    assert "14 names are for every workload now (2 risky)" in said.splitlines()[2]
    assert "1 name opens for every workload (1 by wildcard, 1 risky)" in said.splitlines()[2]
    assert "risk: data.ngrok.app, pastebin.com: ngrok.app is a tunnel service" in said.replace("\\", "")


@pytest.fixture
def git_commit(request: pytest.FixtureRequest) -> Callable[[str], None]:
    git = request.getfixturevalue("repository")

    def commit(subject: str) -> None:
        git("commit", "-qam", subject)

    return commit


def _policy(name: str, **spec: Any) -> Object:
    api = "security.istio.io/v1" if "action" in spec or "rules" in spec else "networking.k8s.io/v1"
    kind = "AuthorizationPolicy" if api.startswith("security") else "NetworkPolicy"
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": "shop"}, "spec": spec}


def _sidecar(namespace: str, mode: str, **spec: Any) -> Object:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Sidecar",
        "metadata": {"name": "default", "namespace": namespace},
        "spec": {"outboundTrafficPolicy": {"mode": mode}, **spec},
    }


ALL_OUT = {"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}, {"podSelector": {}}], "ports": [{"port": 443}, {"port": 80}]}
LESS_OUT = {"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}], "ports": [{"port": 443}]}
RULES = [{"to": [{"operation": {"ports": [port]}}]} for port in ("443", "8443")]
OUT = {"podSelector": {}, "policyTypes": ["Egress"]}
TIGHTER: dict[str, tuple[Object | None, Object]] = {
    "a policy that lets nothing out": (None, _policy("a", podSelector={}, policyTypes=["Egress"])),
    "fewer ports and peers": (_policy("a", **OUT, egress=[ALL_OUT]), _policy("a", **OUT, egress=[LESS_OUT])),
    "a rule less": (_policy("a", **OUT, egress=[ALL_OUT, {}]), _policy("a", **OUT, egress=[ALL_OUT])),
    "from anywhere, and no more": (
        _policy("a", **OUT, egress=[{"ports": [{"port": 443}]}]),
        _policy("a", **OUT, egress=[LESS_OUT]),
    ),
    "a policy that denies": (None, _policy("a", action="DENY", rules=RULES)),
    "a policy that allows nothing": (None, _policy("a", rules=[])),
    "fewer that are allowed": (_policy("a", rules=RULES), _policy("a", rules=RULES[:1])),
    "more that are denied": (_policy("a", action="DENY", rules=RULES[:1]), _policy("a", action="DENY", rules=RULES)),
    "a mesh that is closed": (None, _sidecar("istio-system", "REGISTRY_ONLY", egress=[{"hosts": ["*/*"]}])),
    "a namespace that is closed": (_sidecar("shop", "ALLOW_ANY"), _sidecar("shop", "REGISTRY_ONLY")),
}
WIDER: dict[str, tuple[Object | None, Object]] = {
    **{f"not {name}": (after, before) for name, (before, after) in TIGHTER.items() if before is not None},
    "a policy that lets something out": (None, _policy("a", **OUT, egress=[LESS_OUT])),
    "all ports": (_policy("a", **OUT, egress=[ALL_OUT]), _policy("a", **OUT, egress=[{"to": ALL_OUT["to"]}])),
    "an empty list of peers": (
        _policy("a", **OUT, egress=[ALL_OUT]),
        _policy("a", **OUT, egress=[{**ALL_OUT, "to": []}]),
    ),
    "a wider range": (
        _policy("a", **OUT, egress=[ALL_OUT]),
        _policy("a", **OUT, egress=[{**LESS_OUT, "to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]),
    ),
    "what no API server takes": (
        _policy("a", **OUT, egress=[{"to": 7, "ports": {"port": 443}}, 8, ALL_OUT]),
        _policy("a", **OUT, egress=[{"to": [7], "ports": [8]}]),
    ),
    "rules that are none": (_policy("a", action="DENY", rules=7), _policy("a", action="DENY", rules={"a": 1})),
    "other pods": (
        _policy("a", **OUT, egress=[ALL_OUT]),
        _policy("a", podSelector={"matchLabels": {"a": "b"}}, policyTypes=["Egress"], egress=[]),
    ),
    "ways in alone": (_policy("a", **OUT, egress=[]), _policy("a", podSelector={}, policyTypes=["Ingress"])),
    "a policy that allows": (None, _policy("a", rules=RULES)),
    "what was denied is allowed": (_policy("a", action="DENY", rules=RULES), _policy("a", rules=RULES)),
    "a Sidecar in place of the mesh's": (None, _sidecar("shop", "REGISTRY_ONLY")),
    "a Sidecar that knows other hosts": (
        None,
        _sidecar("istio-system", "REGISTRY_ONLY", egress=[{"hosts": ["*/*"], "captureMode": "NONE"}]),
    ),
}


def _kinds(run: Run, tmp_path: Path, before: list[Object], after: list[Object]) -> list[str]:
    for name, objects in (("before", before), ("after", after)):
        (tmp_path / f"{name}.json").write_bytes(text(objects))
    return [row["kind"] for row in rows(run, tmp_path / "before.json", tmp_path / "after.json")]


@pytest.mark.parametrize("what", TIGHTER)
def test_what_surely_opens_nothing_is_not_told_among_what_opens(what: str, run: Run, tmp_path: Path) -> None:
    before, after = TIGHTER[what]
    assert _kinds(run, tmp_path, [*built(), *([before] if before else [])], [*built(), after])[:1] == ["within"]
    said = run("diff", tmp_path / "before.json", tmp_path / "after.json", "-o", "markdown").out
    assert "What opens" not in said
    assert "1 object beside the lists changed, opens nothing" in said.splitlines()[2]
    assert ":warning:" not in said


@pytest.mark.parametrize("what", WIDER)
def test_what_may_open_is_told_among_what_opens(what: str, run: Run, tmp_path: Path) -> None:
    before, after = WIDER[what]
    kinds = _kinds(run, tmp_path, [*built(), *([before] if before else [])], [*built(), after])
    assert "within" not in kinds
    assert {"beside", "around"} & {*kinds}


def _rule(**policy: Any) -> list[Object]:
    objects = built()
    rule: Object = copy.deepcopy(of(objects, "DestinationRule"))
    rule["spec"]["trafficPolicy"] = {**rule["spec"].get("trafficPolicy", {}), **policy}
    return [rule if one["kind"] == "DestinationRule" else one for one in objects]


@pytest.mark.parametrize(
    ("policy", "opens"),
    [
        ({"connectionPool": {"tcp": {"maxConnections": 100}}}, False),
        ({"loadBalancer": {"simple": "LEAST_REQUEST"}, "outlierDetection": {"consecutive5xxErrors": 5}}, False),
        ({"loadBalancer": {"simple": "PASSTHROUGH"}}, True),
        ({"proxyProtocol": {"version": "V2"}}, True),
    ],
    ids=str,
)
def test_limits_of_connections_open_nothing(policy: Object, opens: bool, run: Run, tmp_path: Path) -> None:
    kinds = _kinds(run, tmp_path, built(), _rule(**policy))
    assert bool({"beside", "around"} & {*kinds}) is opens
    assert kinds


def test_a_policy_that_is_only_tried_is_another_one(run: Run, tmp_path: Path) -> None:
    tried = _policy("a", action="DENY", rules=RULES)
    tried["metadata"]["annotations"] = {"istio.io/dry-run": "true"}
    before = [*built(), _policy("a", action="DENY", rules=RULES)]
    assert _kinds(run, tmp_path, before, [*built(), tried]) == ["beside"]
