"""Lists of one set count together; a set that nobody takes, and a place without a set, are faults."""

from __future__ import annotations

from typing import Any

import pytest

from builders import (
    INJECT,
    LOCAL,
    SET,
    Value,
    domains,
    envoy_filter,
    injected,
    names_of,
    run,
    service_entry,
    sites,
    virtual_service,
)
from faulty import faults


class TestUnion:
    """All ConfigMaps of a set count together, and so does a functionConfig."""

    def test_of_several_maps_and_groups(self) -> None:
        assert injected({"a": "b.example\n", "b": "a.example"}, {"a": "c.example"}) == [
            "a.example",
            "b.example",
            "c.example",
        ]

    def test_of_sets_each_by_itself(self) -> None:
        outcome = run(
            *sites("one", "-one"),
            *sites("two", "-two"),
            domains("a.example", of="one", name="a"),
            domains("b.example", of="two", name="b"),
            domains("c.example", of="one", name="c"),
        )
        assert outcome.code == 0
        for suffix, hosts in (("one", ["a.example", "c.example"]), ("two", ["b.example"])):
            items = [item for item in outcome.items if item["metadata"]["name"].endswith(suffix)]
            assert names_of(items) == {
                "hosts": [hosts],
                "sniHosts": [hosts],
                "server_names": [hosts],
                "registry": [hosts],
            }

    def test_function_config_alone_is_the_set_default(self) -> None:
        outcome = run(*sites(), function_config=domains("a.example", of=None))
        assert names_of(outcome.items)["hosts"] == [["a.example"]]
        assert [item["kind"] for item in outcome.items] == ["VirtualService", "ServiceEntry", "EnvoyFilter"]

    def test_function_config_with_a_label(self) -> None:
        outcome = run(*sites("other"), function_config=domains("a.example", of="other"))
        assert names_of(outcome.items)["server_names"] == [["a.example"]]

    def test_both_forms_combined(self) -> None:
        outcome = run(virtual_service(), domains("a.example"), function_config=domains("b.example", of=None))
        assert outcome.item("VirtualService")["spec"]["hosts"] == ["a.example", "b.example"]

    def test_both_forms_and_several_sets(self) -> None:
        outcome = run(
            *sites("one", "-one"),
            *sites("two", "-two"),
            domains("a.example", of="one"),
            domains("b.example", of="two", name="b"),
            function_config=domains("c.example", of="two", name="c"),
        )
        assert outcome.item("VirtualService", "routes-one")["spec"]["hosts"] == ["a.example"]
        assert outcome.item("VirtualService", "routes-two")["spec"]["hosts"] == ["b.example", "c.example"]

    def test_egress_domains_holds_lists_where_a_configmap_cannot_stand(self) -> None:
        ours = {
            "apiVersion": "egress-overlays.dev/v1alpha1",
            "kind": "EgressDomains",
            "metadata": {"name": "x", "labels": {SET: "default"}},
            "data": {"names": "a.example"},
        }
        assert run(virtual_service(), ours).item("VirtualService")["spec"]["hosts"] == ["a.example"]
        assert run(virtual_service(), function_config=ours).code == 0

    def test_egress_domains_without_data_is_a_mere_runner(self) -> None:
        runner = {"apiVersion": "egress-overlays.dev/v1alpha1", "kind": "EgressDomains", "metadata": {"name": "x"}}
        assert run(virtual_service(), domains(), function_config=runner).code == 0

    def test_egress_domains_with_a_label_and_no_data_is_an_empty_list(self) -> None:
        runner = {
            "apiVersion": "egress-overlays.dev/v1alpha1",
            "kind": "EgressDomains",
            "metadata": {"name": "x", "labels": {SET: "default"}},
        }
        assert 'the set "default" has no domain at all' in faults(function_config=runner)[0]

    @pytest.mark.parametrize(
        ("api_version", "kind"), [("v1", "Secret"), ("v2", "ConfigMap"), ("egress-overlays.dev/v1", "EgressDomains")]
    )
    def test_a_function_config_of_another_kind_is_a_fault(self, api_version: str, kind: str) -> None:
        config = {**domains("b.example", of=None), "apiVersion": api_version, "kind": kind}
        assert "must be a ConfigMap (v1) or EgressDomains" in faults(domains(), function_config=config)[0]

    @pytest.mark.parametrize("config", ["text", ["a"], 5])
    def test_a_function_config_that_is_no_mapping_is_a_fault(self, config: Any) -> None:
        assert "is the functionConfig" in faults(domains(), function_config=config)[0]


class TestPairing:
    """Silence is a fault: a set that nobody takes, a resource without a set, nothing at all."""

    def test_a_set_that_no_resource_takes(self) -> None:
        (fault,) = faults(domains(), domains(of="staging", name="other"))
        assert fault.startswith('ConfigMap other: adds to the set "staging", which no resource takes')
        assert 'sets taken here: "default"' in fault

    def test_a_set_that_looks_like_one_that_is_there(self) -> None:
        (fault,) = faults(domains(), domains(of="defualt", name="other"))
        assert fault.endswith('; did you mean "default"?')
        (fault,) = run(virtual_service(of="stagin"), service_entry(of="staging"), domains(of="staging")).faults
        assert fault.endswith('egress-overlays.dev/set: stagin; did you mean "staging"?')

    def test_a_set_where_no_resource_takes_any(self) -> None:
        outcome = run(domains())
        assert "no resource takes any set" in outcome.faults[0]

    def test_a_resource_whose_set_no_list_declares(self) -> None:
        outcome = run(virtual_service(of="prod"), service_entry(), domains())
        (fault,) = outcome.faults
        assert fault.startswith('VirtualService istio-system/routes: takes the set "prod", which no ConfigMap declares')
        assert 'sets here: "default"' in fault
        assert f"label one with {SET}: prod" in fault

    def test_a_resource_where_there_is_no_list_at_all(self) -> None:
        assert "there is no domains ConfigMap at all" in run(virtual_service()).faults[0]

    @pytest.mark.parametrize("items", [[], [{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}}]])
    def test_nothing_to_inject(self, items: list[Value]) -> None:
        (fault,) = run(*items).faults
        assert fault.startswith("nothing to inject: ")

    @pytest.mark.parametrize("value", ["", " ", None, 1, ["default"]])
    def test_the_annotation_must_name_a_set(self, value: Any) -> None:
        outcome = run(virtual_service(of=value), service_entry(), domains())
        (fault,) = outcome.faults
        assert f"the annotation {INJECT} must name a set" in fault

    @pytest.mark.parametrize(
        "item",
        [
            {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"hosts": []}},
            {"apiVersion": "networking.example.com/v1", "kind": "VirtualService", "spec": {"hosts": []}},
            {"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "spec": {"servers": []}},
            {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "spec": None},
            {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry"},
            {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "spec": {"ports": []}},
            {"apiVersion": "networking.istio.io/v1", "kind": "EnvoyFilter", "spec": {"configPatches": []}},
            {"apiVersion": "networking.istio.io/v1", "kind": "EnvoyFilter", "spec": {"configPatches": None}},
            {"apiVersion": "networking.istio.io/v1", "kind": "EnvoyFilter", "spec": {"configPatches": [{"a": 1}]}},
        ],
    )
    def test_an_annotated_resource_without_a_place(self, item: Value) -> None:
        item = {**item, "metadata": {"name": "x", "annotations": {INJECT: "default"}}}
        (fault,) = faults(domains(), item)
        assert f"{item['kind']} x: carries {INJECT} but has no place for domains" in fault


def test_lists_that_were_used_are_local_and_others_stay_in_sight() -> None:
    other = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other"}, "data": {"a": "x"}}
    outcome = run(virtual_service(), domains(), other)
    assert outcome.item("ConfigMap", "egress-domains")["metadata"]["annotations"] == {LOCAL: "true"}
    assert outcome.item("ConfigMap", "other") == other


def test_an_envoy_filter_is_filled_from_its_own_set_alone() -> None:
    outcome = run(envoy_filter(of="b"), virtual_service(), domains(), domains("b.example", of="b", name="b"))
    assert names_of(outcome.items)["server_names"] == [["b.example"]]
