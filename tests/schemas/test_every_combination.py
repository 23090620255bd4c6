"""Every pair of components in both orders, and all together: built, and held against the API server's schemas.

Here pairs stand in blocks, so that every two components are in one build, in both orders. `make every-pair` builds
each pair alone.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import quick_yaml as yaml
from builds import COMPONENTS, OWN_NAMESPACE, ROOT, build, overlay

Resources = list[dict[str, Any]]
LIST = ("*.wikipedia.org", "pypi.org", "example.com", "*.example.com")
Faults = Callable[[dict[str, Any]], list[str]]


def by_id(resources: Resources) -> dict[str, dict[str, Any]]:
    return {
        json.dumps([r["apiVersion"], r["kind"], r["metadata"].get("namespace"), r["metadata"]["name"]]): r
        for r in resources
    }


def names(resources: Resources, kind: str) -> list[dict[str, Any]]:
    return [resource for resource in resources if resource["kind"] == kind]


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_overlays_validate(environment: str, faults: Faults) -> None:
    resources = build(ROOT / "overlays" / environment)
    assert [fault for resource in resources for fault in faults(resource)] == []


def blocks(items: tuple[str, ...], size: int) -> Iterator[tuple[str, ...]]:
    """Blocks of `size` items of which every two stand together in at least one."""
    missing = set(itertools.combinations(items, 2))
    while missing:
        block = list(min(missing))
        while len(block) < size:
            left = [item for item in items if item not in block]
            block.append(max(left, key=lambda item: sum(tuple(sorted((item, it))) in missing for it in block)))
        missing -= set(itertools.combinations(sorted(block), 2))
        yield tuple(sorted(block))


TOGETHER = [*blocks(COMPONENTS, 2 if os.environ.get("EGRESS_OVERLAYS_PAIRS") == "alone" else 8)]


def test_every_pair_stands_in_a_block() -> None:
    found = {pair for block in TOGETHER for pair in itertools.combinations(block, 2)}
    assert found == set(itertools.combinations(COMPONENTS, 2))


@pytest.mark.long
@pytest.mark.parametrize("block", TOGETHER, ids="+".join)
def test_they_combine_in_both_orders_and_validate(block: tuple[str, ...], faults: Faults, tmp_path: Path) -> None:
    resources = build(overlay(tmp_path, block, LIST))
    assert [fault for resource in resources for fault in faults(resource)] == []
    assert by_id(resources) == by_id(build(overlay(tmp_path, block[::-1], LIST)))


def test_all_together_validate(faults: Faults, tmp_path: Path) -> None:
    resources = build(overlay(tmp_path, COMPONENTS, LIST))
    assert [fault for resource in resources for fault in faults(resource)] == []
    assert by_id(resources) == by_id(build(overlay(tmp_path, COMPONENTS[::-1], LIST)))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """base/ without any component."""
    return by_id(build(overlay(tmp_path_factory.mktemp("bare"), (), LIST)))


@pytest.mark.long
@pytest.mark.parametrize("component", COMPONENTS)
def test_each_changes_something(component: str, bare: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    assert by_id(build(overlay(tmp_path, (component,), LIST))) != bare


@pytest.mark.parametrize("component", COMPONENTS)
def test_each_says_what_it_does_what_it_needs_and_how_it_looks(component: str) -> None:
    text = (ROOT / "components" / component / "README.md").read_text()
    assert "**It needs**" in text
    assert "**It looks like this**" in text


def test_compact_registry_leaves_one_host_in_the_registry(tmp_path: Path) -> None:
    resources = build(overlay(tmp_path, ("compact-registry",), LIST))
    synthetic = "egress.egress-overlays.internal"
    (entry,), (service,) = names(resources, "ServiceEntry"), names(resources, "VirtualService")
    assert entry["spec"]["hosts"] == [synthetic]
    assert sorted(service["spec"]["hosts"]) == sorted([*LIST, synthetic])
    assert sorted(service["spec"]["tls"][0]["match"][0]["sniHosts"]) == sorted(LIST)


def test_private_addresses_have_to_be_named(tmp_path: Path) -> None:
    directory = overlay(tmp_path, ("allow-private-addresses",), LIST)
    kustomization = directory / "kustomization.yaml"
    kustomization.write_text(kustomization.read_text().replace("- allow-private-addresses.yaml\n", ""))
    with pytest.raises(AssertionError, match="PrivateAddresses"):
        build(directory)


def test_a_namespace_of_its_own_stands_in_every_reference(tmp_path: Path) -> None:
    resources = build(overlay(tmp_path, COMPONENTS, LIST))
    left = [one for one in resources if "istio-egress" in json.dumps(one).replace("istio-egressgateway", "")]
    assert left == []
    services = names(resources, "VirtualService")
    assert len(services) == 2  # for TLS, and for plain HTTP
    for service in services:
        assert service["spec"]["gateways"] == ["mesh", f"{OWN_NAMESPACE}/sni-egressgateway"]
    moved = {one["kind"] for one in resources if one["metadata"].get("namespace") == OWN_NAMESPACE}
    assert moved >= {"Deployment", "Service", "Gateway", "DestinationRule", "EnvoyFilter", "AuthorizationPolicy"}


def test_the_policy_for_all_namespaces_leaves_the_gateways_alone(faults: Faults, tmp_path: Path) -> None:
    directory = overlay(tmp_path, ("restrict-direct-egress", "own-namespace"), LIST)
    kustomization = directory / "kustomization.yaml"
    content = yaml.safe_load(kustomization.read_text())
    base = next(one for one in content["resources"] if one.endswith("/base"))
    content["resources"].append(f"{base.removesuffix('base')}components/restrict-direct-egress/all-namespaces")
    kustomization.write_text(yaml.safe_dump(content))
    (policy,) = names(build(directory), "ClusterNetworkPolicy")
    assert faults(policy) == []
    (expression,) = policy["spec"]["subject"]["namespaces"]["matchExpressions"]
    assert expression["operator"] == "NotIn"
    assert expression["values"] == [OWN_NAMESPACE, "istio-system", "kube-system"]
    assert policy["spec"]["egress"][-1]["action"] == "Deny"


def test_a_revision_stands_on_the_pods(tmp_path: Path) -> None:
    (deployment,) = names(build(overlay(tmp_path, ("revision",), LIST)), "Deployment")
    assert deployment["spec"]["template"]["metadata"]["labels"]["istio.io/rev"] == "stable"
    assert "istio.io/rev" not in deployment["spec"]["selector"]["matchLabels"]


class TestTheValidator:
    """That it can fail: each of these is wrong in one place."""

    def test_a_field_that_does_not_exist(self, faults: Faults, tmp_path: Path) -> None:
        resources = build(overlay(tmp_path, (), LIST))
        for resource in resources:
            if "spec" in resource:
                resource["spec"]["noSuchField"] = 1
        assert {r["kind"] for r in resources if faults(r)} == {r["kind"] for r in resources if "spec" in r}

    def test_257_hosts(self, faults: Faults, tmp_path: Path) -> None:
        (entry,) = names(build(overlay(tmp_path, (), LIST)), "ServiceEntry")
        entry["spec"]["hosts"] = [f"n{number}.example.com" for number in range(257)]
        assert "too long" in faults(entry)[0]

    def test_a_kind_that_nobody_knows(self, faults: Faults) -> None:
        assert faults({"apiVersion": "example.com/v1", "kind": "Nothing", "metadata": {"name": "n"}}) != []
