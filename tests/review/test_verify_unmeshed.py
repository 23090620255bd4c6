"""`verify` on pods without a sidecar, or past it, and on what it says that it did not look at."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

import builds
from live import built, text, told
from strangers import ADMIN, ISTIO, one, template

if TYPE_CHECKING:
    from command import Run
    from strangers import Object


@cache
def _closed() -> str:
    with TemporaryDirectory() as made:
        directory = builds.overlay(Path(made).resolve(), ("restrict-direct-egress",), ("pypi.org",))
        return json.dumps(builds.build(directory))


UNMESHED: dict[str, Object] = {
    "a pod without injection": one(
        "Pod", "v1", None, "shop", metadata={"labels": {"sidecar.istio.io/inject": "false"}}
    ),
    "a Deployment without it": one(
        "Deployment", "apps/v1", {"template": template({"sidecar.istio.io/inject": "false"})}, "shop"
    ),
    "by annotation": one(
        "CronJob",
        "batch/v1",
        {"jobTemplate": {"spec": {"template": template({}, {"sidecar.istio.io/inject": "false"})}}},
        "shop",
    ),
    "the proxy's user": one(
        "Deployment", "apps/v1", {"template": template({}, securityContext={"runAsUser": 1337})}, "shop"
    ),
    "the node's network": one("DaemonSet", "apps/v1", {"template": template({}, hostNetwork=True)}, "shop"),
    "a namespace without it": one(
        "Namespace", "v1", None, "", metadata={"name": "shop", "labels": {"istio-injection": "disabled"}}
    ),
}
EXCLUDING = {
    "traffic.sidecar.istio.io/excludeOutboundPorts": "443",
    "traffic.sidecar.istio.io/excludeOutboundIPRanges": "0.0.0.0/0",
    "traffic.sidecar.istio.io/includeOutboundIPRanges": "10.0.0.0/8",
    "traffic.sidecar.istio.io/excludeInterfaces": "eth1",
    "sidecar.istio.io/interceptionMode": "NONE",
}


@pytest.mark.parametrize("what", UNMESHED)
def test_in_a_closed_mesh_pods_without_a_sidecar_are_a_way_around(what: str, run: Run) -> None:
    closed = json.loads(_closed())
    assert told(run, closed) == {}
    assert told(run, [*closed, UNMESHED[what]]) == {"warning": {"beside"}}
    assert told(run, [*built(), UNMESHED[what]]) == {}
    kept = one("NetworkPolicy", "networking.k8s.io/v1", {"podSelector": {}, "policyTypes": ["Egress"]}, "shop")
    counts = {"warning": {"beside"}} if what == "the node's network" else {}
    assert told(run, [*closed, UNMESHED[what], kept]) == counts
    platform = json.loads(json.dumps(UNMESHED[what]).replace('"shop"', '"kube-system"'))
    assert told(run, [*closed, platform]) == {}


@pytest.mark.parametrize("kind", ["Pod", "Deployment", "CronJob"])
@pytest.mark.parametrize("name", EXCLUDING)
def test_pods_that_send_past_their_sidecar_are_found_in_whatever_makes_them(name: str, kind: str, run: Run) -> None:
    made = template({}, {name: EXCLUDING[name]})
    which: dict[str, Object] = {
        "Pod": one("Pod", "v1", made["spec"], "shop", metadata={"annotations": {name: EXCLUDING[name]}}),
        "Deployment": one("Deployment", "apps/v1", {"template": made}, "shop"),
        "CronJob": one("CronJob", "batch/v1", {"jobTemplate": {"spec": {"template": made}}}, "shop"),
    }
    assert told(run, [*json.loads(_closed()), which[kind]]) == {"error": {"beside"}}


def test_a_sidecar_with_an_egress_proxy_is_a_way_around(run: Run) -> None:
    proxy = {"mode": "REGISTRY_ONLY", "egressProxy": {"host": "evil.shop.svc.cluster.local", "port": {"number": 443}}}
    sidecar = one("Sidecar", ISTIO, {"outboundTrafficPolicy": proxy}, "shop")
    assert told(run, [*built(), sidecar]) == {"warning": {"beside"}}
    assert told(run, [*json.loads(_closed()), sidecar]) == {"error": {"beside"}}


RIGHTS: dict[str, tuple[list[Object], bool]] = {
    "an administrator's": ([one("ClusterRoleBinding", "rbac.authorization.k8s.io/v1", None, "", **ADMIN)], True),
    "a team's in the gateway's namespace": ([one("RoleBinding", "rbac.authorization.k8s.io/v1", **ADMIN)], True),
    "a team's in its own": ([one("RoleBinding", "rbac.authorization.k8s.io/v1", None, "shop", **ADMIN)], False),
    "a reader's": (
        [
            one(
                "ClusterRoleBinding",
                "rbac.authorization.k8s.io/v1",
                None,
                "",
                **{**ADMIN, "roleRef": {"kind": "ClusterRole", "name": "mine"}},
            ),
            one(
                "ClusterRole",
                "rbac.authorization.k8s.io/v1",
                None,
                "",
                rules=[{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get"]}],
            ),
        ],
        False,
    ),
}


@pytest.mark.parametrize("what", RIGHTS)
def test_rights_are_said_to_be_not_looked_at(what: str, run: Run) -> None:
    objects, is_said = RIGHTS[what]
    outcome = run("verify", "-", stdin=text([*built(), *objects]))
    assert outcome.code == 0
    assert ("not looked at, who may change the gateway by " in outcome.out) is is_said


def test_a_kind_of_the_cluster_that_nobody_knows_is_said_to_be_not_looked_at(run: Run) -> None:
    mutating = one("ClusterPolicy", "kyverno.io/v1", {"rules": []}, "")
    outcome = run("verify", "-", stdin=text([*built(), mutating]))
    assert outcome.code == 0
    assert "not looked at, for nobody here knows what they do: ClusterPolicy mine" in outcome.out


DEPLOYING: dict[str, tuple[Object, bool]] = {
    "Argo CD's beside the gateway": (
        one("Application", "argoproj.io/v1alpha1", {"destination": {"namespace": "istio-egress"}}, "argocd"),
        True,
    ),
    "Argo CD's elsewhere": (
        one("Application", "argoproj.io/v1alpha1", {"destination": {"namespace": "shop"}}, "argocd"),
        False,
    ),
    "Flux's beside the gateway": (
        one("HelmRelease", "helm.toolkit.fluxcd.io/v2", {"targetNamespace": "istio-egress"}, "flux-system"),
        True,
    ),
}


@pytest.mark.parametrize("what", DEPLOYING)
def test_what_others_deploy_beside_the_gateway_is_said_to_be_not_looked_at(what: str, run: Run) -> None:
    deploying, is_said = DEPLOYING[what]
    outcome = run("verify", "-", stdin=text([*built(), deploying]))
    assert outcome.code == 0
    assert ("not looked at, what is deployed beside the gateway by " in outcome.out) is is_said


@pytest.mark.parametrize("everybody", ["system:authenticated", "system:serviceaccounts"])
def test_policies_that_let_everybody_are_an_error(everybody: str, run: Run, tmp_path: Path) -> None:
    ours = builds.build(builds.overlay(tmp_path, ("admission",), ("pypi.org",)))
    assert told(run, ours) == {}
    opened = json.loads(json.dumps(ours).replace("system:masters", everybody))
    assert told(run, opened) == {"error": {"guard"}}
    freed = json.loads(json.dumps(ours).replace("|| variables.isBookkeeping", "|| true"))
    assert told(run, freed) == {"error": {"guard"}}


def test_a_definition_that_converts_istios_objects_is_a_warning(run: Run) -> None:
    spec = {"group": "networking.istio.io", "conversion": {"strategy": "Webhook"}}
    definition = one("CustomResourceDefinition", "apiextensions.k8s.io/v1", spec, "")
    assert told(run, [*built(), definition]) == {"warning": {"guard"}}
    spec["conversion"] = {"strategy": "None"}
    assert told(run, [*built(), definition]) == {}
