"""Names of ours where nobody reads them are faults."""

from __future__ import annotations

import pytest

from builders import (
    INJECT,
    SET,
    Value,
    domains,
    run,
    service_entry,
    virtual_service,
)
from faulty import CLIENTS, faults


@pytest.mark.parametrize(
    ("labels", "annotations", "said"),
    [
        ({"egress-overlays.dev/sett": "x"}, {}, "which means nothing; write egress-overlays.dev/set"),
        ({"egress-overlays.dev/else": "x"}, {}, "labels are egress-overlays.dev/set, egress-overlays.dev/state"),
        ({INJECT: "default"}, {}, "it is an annotation, not a label"),
        ({}, {SET: "default"}, "it is a label, not an annotation"),
        ({}, {"egress-overlays.dev/injekt": "x"}, "which means nothing; write egress-overlays.dev/inject"),
        ({}, {"egress-overlays.dev/else": "x"}, "annotations are egress-overlays.dev/inject"),
        ({}, {"egress-overlay.dev/inject": "x"}, "which means nothing; write egress-overlays.dev/inject"),
        ({"egress-overlays.de/set": "x"}, {}, "which means nothing; write egress-overlays.dev/set"),
        ({}, {"egres-overlays.dev/owner": "x"}, "which means nothing; write egress-overlays.dev/owner"),
        # One letter off is the slash, too, and other ways to join what is ours.
        ({"egress-overlays.dev.set": "default"}, {}, "which means nothing; write egress-overlays.dev/set"),
        ({"egress-overlays.dev-set": "default"}, {}, "which means nothing; write egress-overlays.dev/set"),
        ({"set.egress-overlays.dev": "default"}, {}, "which means nothing; write egress-overlays.dev/set"),
        ({"set/egress-overlays.dev": "default"}, {}, "which means nothing; write egress-overlays.dev/set"),
        ({}, {"egress-overlays.dev/someone": "x"}, "egress-overlays.dev/clients, egress-overlays.dev/owner"),
        ({"egress-overlays.dev": "default"}, {}, "which means nothing; labels are egress-overlays.dev/set"),
        ({"egress-overlays/set": "default"}, {}, "which means nothing; write egress-overlays.dev/set"),
        ({"egress-overlays.io/set": "default"}, {}, "which means nothing; write egress-overlays.dev/set"),
        ({"EGRESS-OVERLAYS.DEV/SET": "default"}, {}, "which means nothing; write egress-overlays.dev/set"),
        ({"Egress-Overlays.Dev/set": "default"}, {}, "which means nothing; write egress-overlays.dev/set"),
        ({}, {"egress-overlays.dev:inject": "x"}, "which means nothing; write egress-overlays.dev/inject"),
        ({}, {"egress-overlays.dev/inject/": "x"}, "which means nothing; write egress-overlays.dev/inject"),
        ({}, {"egress-overlays.dev/shard": "1"}, "which the function alone gives to copies"),
    ],
)
def test_names_of_ours_in_the_wrong_place_are_faults(labels: Value, annotations: Value, said: str) -> None:
    for kind in ("ConfigMap", "Deployment"):
        item = {
            "apiVersion": "v1",
            "kind": kind,
            "metadata": {"name": "x", "labels": labels, "annotations": annotations},
            "data": {},
        }
        assert said in faults(domains(), item)[0]
    assert said in faults(domains(), function_config=item | {"kind": "ConfigMap", "data": {"a": "b.example"}})[0]


def test_clients_on_a_resource_that_is_no_list_is_misplaced() -> None:
    assert "means nothing" in faults(domains(), service_entry(annotations={CLIENTS: "x"}))[0]


def test_the_set_label_on_another_kind_is_a_fault() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x", "labels": {SET: "default"}}}
    (fault,) = faults(virtual_service(), domains(), secret)
    assert fault.startswith("Secret x: has the label egress-overlays.dev/set, which is for a ConfigMap (v1) alone")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stringData": {"a": "b.example.com"}}, 'has the field "stringData"'),
        ({"Data": {"a": "b.example.com"}}, "write data"),
        ({"spec": {}}, 'has the field "spec"'),
        ({"annotations": {"egress-overlays.dev/clients": "shop"}}, "write metadata.annotations"),
        ({"egress-overlays.dev/clients": "shop"}, "write it under metadata.annotations"),
        ({"metadata": {"annotation": {"egress-overlays.dev/clients": "shop"}}}, "write metadata.annotations"),
        ({"metadata": {"egress-overlays.dev/clients": "shop"}}, "write it under metadata.annotations"),
        ({"metadata": {"annotations": {"clients": "shop"}}}, "write egress-overlays.dev/clients"),
        ({"metadata": {"annotations": {"Client": "shop"}}}, "write egress-overlays.dev/clients"),
        ({"metadata": {"annotations": {"egress-overlay.dev/clients": "shop"}}}, "write egress-overlays.dev/clients"),
        ({"metadata": {"annotations": {"egress-overlays.dev/cleints": "shop"}}}, "write egress-overlays.dev/clients"),
        ({"metadata": {"annotations": {"egress-overlays.io/clients": "shop"}}}, "write egress-overlays.dev/clients"),
        ({"metadata": {"annotations": {"egress-overlays/clients": "shop"}}}, "write egress-overlays.dev/clients"),
        # On a list half of the prefix is enough, where a name of ours follows.
        ({"metadata": {"annotations": {"egress-overlays.dev.clients": "shop"}}}, "write egress-overlays.dev/clients"),
        ({"metadata": {"annotations": {"clients.egress-overlays.dev": "shop"}}}, "write egress-overlays.dev/clients"),
        ({"metadata": {"annotations": {"egrss-overlay.dev/clients": "shop"}}}, "write egress-overlays.dev/clients"),
        ({"metadata": {"annotations": {"overlays.dev/clients": "shop"}}}, "write egress-overlays.dev/clients"),
        ({"metadata": {"annotations": {"egress.dev/clients": "shop"}}}, "write egress-overlays.dev/clients"),
        ({"metadata": {"annotations": {"egress-overlays.dev//clients": "shop"}}}, "write egress-overlays.dev/clients"),
        (
            {"metadata": {"annotations": ["egress-overlays.dev/clients: shop"]}},
            "metadata.annotations must be a mapping",
        ),
    ],
)
def test_what_would_be_passed_over_in_a_list_is_a_fault(changes: Value, said: str) -> None:
    item = domains()
    for key, value in changes.items():
        item[key] = {**item[key], **value} if key == "metadata" else value
    found = faults(virtual_service(), item)
    assert any(said in fault for fault in found), found
    assert all(fault.startswith("ConfigMap egress-domains: ") for fault in found)


def test_annotations_of_other_tools_are_no_faults() -> None:
    others = {
        "owner": "shop",
        "example.com/clients": "x",
        "kustomize.toolkit.fluxcd.io/prune": "disabled",
        "set-by": "y",
        "egress.example.com/owner": "y",
        "overlays.example.com/set-by": "y",
    }
    item = domains(annotations=others)
    item["immutable"] = True
    assert run(virtual_service(), item).code == 0


@pytest.mark.parametrize("field", ["annotations", "label"])
def test_a_resource_with_our_keys_where_nobody_reads_them_is_a_fault(field: str) -> None:
    item = virtual_service()
    item[field] = {INJECT: "default"}
    (fault,) = faults(virtual_service(), domains(), {**item, "metadata": {"name": "other"}})
    assert "where nobody reads it; write metadata.annotations" in fault


def test_a_list_without_a_name_beside_others_is_warned_of() -> None:
    outcome = run(virtual_service(), domains(), domains("# gone", name="other"))
    assert outcome.code == 0
    assert 'warning: ConfigMap other: adds no name to the set "default", which has others' in outcome.words


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({SET: "default"}, 'has "egress-overlays.dev/set" under "the resource itself", where nobody reads it'),
        ({"metadata": {"name": "x", SET: "default"}}, 'has "egress-overlays.dev/set" under "metadata"'),
        ({"data": {SET: "default"}}, 'has "egress-overlays.dev/set" under "data"'),
        ({"data": {"labels": {SET: "default"}}}, 'has "egress-overlays.dev/set" under "data.labels"'),
        ({"Metadata": {"labels": {SET: "default"}}}, 'has "egress-overlays.dev/set" under "Metadata"'),
        ({"metadata": {"name": "x", "egress-overlay.dev/set": ""}}, "write metadata.annotations"),
    ],
)
def test_a_list_whose_label_stands_elsewhere_is_not_lost_without_a_word(changes: Value, said: str) -> None:
    item: Value = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": "b.example.com"}}
    (fault,) = faults(domains(), {**item, **changes})
    assert said in fault


@pytest.mark.parametrize("where", [(), ("metadata",), ("spec",), ("spec", "annotations"), ("metadata", "annotation")])
def test_a_place_whose_annotation_stands_elsewhere_is_a_fault(where: tuple[str, ...]) -> None:
    item = {**virtual_service(), "metadata": {"name": "other"}}
    holder = item
    for step in where:
        holder = holder.setdefault(step, {})
    holder[INJECT] = "default"
    (fault,) = faults(domains(), item)
    assert "where nobody reads it; write metadata.annotations" in fault


def test_a_functionconfig_is_read_as_strictly_without_a_label() -> None:
    config = domains(of=None, annotations={"clients": "shop"})
    (fault,) = faults(function_config=config)
    assert "write egress-overlays.dev/clients" in fault


@pytest.mark.parametrize("kind", ["EgressDomains", "EgressDomain", "Egressdomains"])
@pytest.mark.parametrize("group", ["egress-overlays.dev/v1alpha1", "egress-overlays.dev/v1", "egress-overlay.dev/v1"])
def test_a_list_of_our_own_kind_without_a_label_is_a_fault(kind: str, group: str) -> None:
    item = domains(of=None) | {"kind": kind, "apiVersion": group}
    (fault,) = faults(domains(), item)
    assert "belongs to no set, and none of its names counts; label it egress-overlays.dev/set: default" in fault


def test_a_functionconfig_among_the_resources_needs_no_label() -> None:
    # kpt hands it over twice.
    config = domains("b.example.com", of=None) | {"kind": "EgressDomains", "apiVersion": "egress-overlays.dev/v1alpha1"}
    assert run(virtual_service(), domains(), config, function_config=config).code == 0
    assert "belongs to no set" in faults(domains(), {**config, "metadata": {"name": "b"}}, function_config=config)[0]


@pytest.mark.parametrize("key", [SET, "egress-overlay.dev/set"])
def test_what_is_ours_in_a_list_is_heard_of(key: str) -> None:
    inner = domains(of=None)
    inner["metadata"]["labels"] = {key: "default"}
    (fault,) = faults(domains(), {"apiVersion": "v1", "kind": "List", "items": [inner]})
    assert "in a list that the function does not look into" in fault


def test_a_list_whose_items_are_misspelt_is_a_fault() -> None:
    (fault,) = faults(domains(), {"apiVersion": "v1", "kind": "List", "Items": [domains(name="b")]})
    assert 'has the field "Items", which a List does not have; write items' in fault
