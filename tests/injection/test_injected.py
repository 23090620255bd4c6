"""What comes out: labels, lists that are kept or too large, and edits that leave the rest alone."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from builders import (
    PLACEHOLDER,
    STATE,
    apply_to,
    domains,
    dump,
    envoy_filter,
    generated,
    names_of,
    run,
    run_legacy,
    service_entry,
    sites,
    virtual_service,
)
from egress_overlays.injection.applying import apply
from egress_overlays.injection.inject import plan
from egress_overlays.manifest.resource import Resource
from istio import ServerNames, faults_of

HOSTS = ["*.example.com", "example.com"]
LIST = domains(".example.com")


def test_resources_without_the_annotation_keep_their_names_and_label() -> None:
    others = sites()
    for item in others:
        del item["metadata"]["annotations"]
        item["metadata"]["name"] += "-other"
    outcome = run(*others, virtual_service(), LIST)
    assert outcome.items[:3] == others


def test_what_is_accepted_istio_and_envoy_accept() -> None:
    text = "\n".join(
        [".example.com", "*.b.example.com", "*.example.org", "example.net", "b\u00fccher.example", *generated(700)]
    )
    outcome = run(*sites(), domains(text))
    assert faults_of(outcome.items) == []
    (names,) = names_of(outcome.items)["server_names"]
    table = ServerNames(names)
    assert table.match("a.b.example.com")
    assert table.match("EXAMPLE.net")
    assert not table.match("example.org")


@pytest.mark.parametrize("labels", [None, {}, {"app": "x"}])
def test_the_state_label_is_set_whatever_labels_there_were(labels: Any) -> None:
    item = virtual_service()
    item["metadata"]["labels"] = labels
    after = run(item, LIST).item("VirtualService")
    assert after["metadata"]["labels"] == {**(labels or {}), STATE: "injected"}


def test_the_state_label_is_set_where_labels_are_missing() -> None:
    item = virtual_service()
    del item["metadata"]["labels"]
    assert run(item, LIST).item("VirtualService")["metadata"]["labels"] == {STATE: "injected"}


@pytest.mark.parametrize("annotations", [None, {}, {"a": "b"}])
def test_a_list_is_marked_local_whatever_annotations_there_were(annotations: Any) -> None:
    item = domains()
    item["metadata"]["annotations"] = annotations
    after = run(virtual_service(), item).item("ConfigMap")
    assert after["metadata"]["annotations"] == {**(annotations or {}), "config.kubernetes.io/local-config": "true"}


class TestKeepHosts:
    """Names that a VirtualService keeps in spec.hosts beside the list."""

    KEEP = "egress-overlays.dev/keep-hosts"

    def test_are_added_to_hosts_alone(self) -> None:
        item = virtual_service(annotations={self.KEEP: "egress.mesh.example, Other.example."})
        outcome = run(item, LIST)
        after = outcome.item("VirtualService")["spec"]
        assert after["hosts"] == [*HOSTS, "egress.mesh.example", "other.example"]
        assert after["tls"][0]["match"][0]["sniHosts"] == HOSTS
        assert faults_of(outcome.items) == []
        assert run(*outcome.items).items == outcome.items

    @pytest.mark.parametrize(
        ("kept", "said"),
        [
            ("*.keep.example", "keep exact names"),
            (".keep.example", "keep exact names"),
            ("example.com", "is on the list already"),
            ("a.example.com", "is on the list already"),
            ("a.keep.example,a.keep.example", "is on the list already"),
            ("a_b.example", "with an underscore"),
            ("", "names nothing"),
            ("a.example,,", "names nothing"),
            ("a.example b.example", "white space inside"),
        ],
    )
    def test_are_refused_where_istio_or_the_list_would_object(self, kept: str, said: str) -> None:
        (fault, *_) = run(virtual_service(annotations={self.KEEP: kept}), LIST).faults
        assert f"annotation {self.KEEP}" in fault
        assert said in fault

    @pytest.mark.parametrize("item", [service_entry, envoy_filter])
    def test_are_for_a_virtual_service(self, item: Any) -> None:
        assert "meant for a VirtualService" in run(item(annotations={self.KEEP: "a.example"}), LIST).faults[0]


class TestLists:
    """kind: List, which kustomize takes apart and others hand over whole."""

    @pytest.mark.parametrize("kind", ["List", "VirtualServiceList"])
    def test_with_what_takes_part_are_a_fault(self, kind: str, tmp_path: Any) -> None:
        whole = {"apiVersion": "v1", "kind": kind, "items": [{"kind": "Pod"}, virtual_service()]}
        said = (
            f"{kind} without a name, items[1]: holds VirtualService istio-system/routes, which takes part, in a list "
            "that the function does not look into; give each resource a document of its own"
        )
        (fault,) = run(virtual_service("other"), whole, LIST).faults
        assert said in fault
        runner = "apiVersion: egress-overlays.dev/v1alpha1\nkind: EgressDomains\nmetadata: {name: x}\n"
        stream = "\n---\n".join(map(dump, (virtual_service("other"), whole, LIST)))
        assert said in run_legacy(stream, runner, tmp_path).words

    def test_of_lists_and_of_domains_too(self) -> None:
        whole = {"apiVersion": "v1", "kind": "List", "items": [{"kind": "List", "items": [LIST]}]}
        (fault,) = run(virtual_service(), whole, LIST).faults
        assert "List without a name, items[0].items[0]: holds ConfigMap egress-domains, which takes part" in fault

    @pytest.mark.parametrize("items", [None, "x", [], [{"kind": "Pod", "metadata": {"name": "egress-overlays.dev/"}}]])
    def test_with_nothing_of_ours_pass(self, items: Any) -> None:
        whole = {"apiVersion": "v1", "kind": "List", "items": items}
        assert run(virtual_service(), whole, LIST).items[1] == whole


class TestSize:
    """What the API server, etcd and kubectl say of large objects."""

    def test_4000_names_are_fine(self) -> None:
        assert run(*sites(), domains("\n".join(generated(4_000)))).words == ""

    def test_what_client_side_apply_refuses_is_a_warning_with_the_way_out(self) -> None:
        outcome = run(*sites(), domains("\n".join(generated(10_000))))
        assert outcome.code == 0
        (one, two) = outcome.words.splitlines()
        assert "warning: VirtualService istio-system/routes: is " in one
        assert "kubectl apply --server-side" in one
        assert "warning: EnvoyFilter istio-system/sni-magic: is " in two

    def test_what_it_is_annotated_with_counts_for_client_side_apply_too(self) -> None:
        """The API server limits all annotations together, and the one of kubectl repeats the others."""
        for length, warned in ((120_000, False), (140_000, True)):
            outcome = run(virtual_service(annotations={"note": "x" * length}), LIST)
            assert (" bytes of JSON, more than client-side apply can keep" in outcome.words) is warned

    def test_what_stands_there_already_counts(self) -> None:
        item = virtual_service()
        item["spec"]["http"] = [{"name": "x" * 250_000}]
        assert run(item, LIST).words == ""
        item["spec"]["http"] = [{"name": "x" * 261_000}]
        assert run(item, LIST).words == ""
        item["spec"]["http"] = [{"name": "<" * 60_000}, {"name": "x" * 100_000}]
        assert " bytes of JSON, more than client-side apply can keep" in run(item, LIST).words
        item["spec"]["http"] = [{"name": "x" * 262_000}]
        assert " bytes of JSON, more than client-side apply can keep" in run(item, LIST).words

    def test_what_etcd_refuses_is_an_error(self) -> None:
        outcome = run(virtual_service(), domains("\n".join(generated(40_000))))
        (fault,) = outcome.faults
        assert "and etcd refuses objects over 1.5 MiB; divide the list" in fault


def test_a_plan_with_errors_is_not_applied() -> None:
    resources = [Resource(virtual_service())]
    with pytest.raises(ValueError, match="cannot be applied"):
        apply(resources, plan(resources))


def test_applying_leaves_its_arguments_as_they_are() -> None:
    items = [*sites(), domains("\n".join(generated(300)))]
    before = copy.deepcopy(items)
    after = apply_to(*items)
    assert items == before
    assert after == run(*items).items


def test_editing_shares_what_it_does_not_touch() -> None:
    value = {"a": {"b": [1, {"c": 2}]}, "d": {"e": 1}}
    after = Resource(value).edited(
        {("a", "b", 1, "c"): "new", ("a", "x", "y"): "made", ("d", "e"): None, ("d", "f"): None}
    )
    assert after == {"a": {"b": [1, {"c": "new"}], "x": {"y": "made"}}, "d": {}}
    assert value == {"a": {"b": [1, {"c": 2}]}, "d": {"e": 1}}


@pytest.mark.parametrize(
    "value", [None, [], "text", {}, {"metadata": []}, {"metadata": {"labels": 5, "name": 1}, "kind": 3}]
)
def test_a_resource_of_any_shape_answers(value: Any) -> None:
    resource = Resource(value)
    assert resource.title == "resource without a name"
    assert (resource.group, resource.labels, resource.is_domains_kind) == ("", {}, False)


def test_annotation_keys_that_are_no_text_are_passed_over() -> None:
    item = service_entry()
    item["metadata"]["annotations"][5] = "x"
    outcome = run(item, domains("\n".join(generated(300))))
    assert outcome.code == 0
    assert all(entry["metadata"]["annotations"][5] == "x" for entry in outcome.items[:2])


def test_a_placeholder_never_stands_beside_a_name() -> None:
    outcome = run(*sites(), LIST)
    assert PLACEHOLDER not in outcome.text
