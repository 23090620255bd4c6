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
