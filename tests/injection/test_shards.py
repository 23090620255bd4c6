"""ServiceEntries past 256 hosts: few, stable, and nobody else's."""

from __future__ import annotations

from hashlib import sha256

import pytest

from builders import (
    INJECT,
    LOCAL,
    SHARD,
    Value,
    apply_to,
    domains,
    generated,
    run,
    service_entry,
    sites,
    virtual_service,
)

HOSTS = ["*.example.com", "example.com"]
LIST = domains(".example.com")


class TestShards:
    """ServiceEntries past 256 hosts."""

    @pytest.mark.parametrize(("count", "objects"), [(1, 1), (256, 1), (257, 2), (1_000, None), (10_000, None)])
    def test_hold_256_hosts_at_most_and_all_names_together(self, count: int, objects: int | None) -> None:
        names = generated(count)
        outcome = run(service_entry(), domains("\n".join(names)))
        entries = [item for item in outcome.items if item["kind"] == "ServiceEntry"]
        assert sorted(host for entry in entries for host in entry["spec"]["hosts"]) == sorted(names)
        assert all(1 <= len(entry["spec"]["hosts"]) <= 256 for entry in entries)
        assert len({entry["metadata"]["name"] for entry in entries}) == len(entries)
        assert entries[0]["metadata"]["name"] == "wildcard"
        assert objects in {None, len(entries)}
        assert len(entries) <= 2 * (count // 128 + 1)

    def test_are_of_the_same_shape(self) -> None:
        outcome = run(service_entry(), domains("\n".join(generated(300))))
        first, second = (item for item in outcome.items if item["kind"] == "ServiceEntry")
        assert second["metadata"]["annotations"].pop(SHARD) == "1"
        assert second["metadata"].pop("name") == "wildcard-1"
        del first["metadata"]["name"], first["spec"]["hosts"], second["spec"]["hosts"]
        assert first == second

    def test_leave_behind_what_tools_noted_about_the_first(self) -> None:
        notes = {
            "internal.config.kubernetes.io/index": "3",
            "config.kubernetes.io/index": "3",
            "config.k8s.io/id": "2",
            "config.kubernetes.io/path": "a.yaml",
            "kept.example/index": "4",
        }
        outcome = run(service_entry(annotations=notes), domains("\n".join(generated(300))))
        first, second = (item["metadata"]["annotations"] for item in outcome.items if item["kind"] == "ServiceEntry")
        assert first == {INJECT: "default", **notes}
        # Not the path either: kpt refuses a second object without an index of its own in one file.
        assert second == {INJECT: "default", SHARD: "1", "kept.example/index": "4"}

    @pytest.mark.parametrize("change", ["added", "deleted"])
    def test_change_two_at_most_when_one_domain_is(self, change: str) -> None:
        names = generated(1_000)
        for extra in range(0, 400, 7):
            more = [*names, f"new-{extra}.example"] if change == "added" else names[:extra] + names[extra + 1 :]
            before, after = (
                {
                    item["metadata"]["name"]: item["spec"]["hosts"]
                    for item in apply_to(service_entry(), domains("\n".join(list_)))
                    if item["kind"] == "ServiceEntry"
                }
                for list_ in (names, more)
            )
            changed = [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
            assert 1 <= len(changed) <= 2

    def test_go_again_when_the_list_shrinks(self) -> None:
        grown = run(service_entry(), domains("\n".join(generated(1_000)))).items
        marked = domains("a.example", annotations={LOCAL: "true"})  # as Kustomize hands on a list of an earlier run
        shrunk = run(*(item for item in grown if item["kind"] == "ServiceEntry"), marked)
        assert [item["metadata"]["name"] for item in shrunk.items] == ["wildcard", "egress-domains"]

    def test_are_made_anew_on_their_own_output(self) -> None:
        once = run(*sites(), domains("\n".join(generated(1_000))))
        assert run(*once.items).items == once.items

    def test_are_never_empty_whatever_the_hashes(self) -> None:
        ones = [name for name in generated(1_000) if sha256(name.encode()).digest()[0] >= 0x80][:300]
        outcome = run(service_entry(), domains("\n".join(ones)))
        first, second, _ = outcome.items
        assert first["metadata"]["name"] == "wildcard"
        assert first["spec"]["hosts"]
        assert sorted(first["spec"]["hosts"] + second["spec"]["hosts"]) == sorted(ones)

    def test_keep_their_names_when_names_chosen_for_their_hashes_are_added(self) -> None:
        hashes = {name: sha256(name.encode()).digest()[0] for name in generated(2_000)}
        low = [name for name, first in hashes.items() if first < 0x80][:100]
        high = [name for name, first in hashes.items() if first >= 0xC0][:257]
        before, after = (
            {
                item["metadata"]["name"]: item["spec"]["hosts"]
                for item in apply_to(service_entry(), domains("\n".join(list_)))
                if item["kind"] == "ServiceEntry"
            }
            for list_ in (low + high[:-1], low + high)
        )
        assert list(before) == ["wildcard", "wildcard-1"]
        assert list(after) == ["wildcard", "wildcard-1", "wildcard-111"]
        assert before["wildcard"] == after["wildcard"]

    @pytest.mark.parametrize("annotated", [False, True])
    def test_whose_name_another_has_are_a_fault(self, annotated: bool) -> None:
        other = service_entry("wildcard-1")
        if not annotated:
            del other["metadata"]["annotations"], other["metadata"]["labels"]
        (fault,) = run(service_entry(), other, domains("\n".join(generated(300)))).faults
        assert fault.startswith("ServiceEntry istio-system/wildcard-1: has the name that a further ServiceEntry needs")
        other["metadata"]["namespace"] = "elsewhere"
        assert run(service_entry(), other, domains("\n".join(generated(300)))).code == 0
        assert run(service_entry(), virtual_service("wildcard-1"), domains("\n".join(generated(300)))).code == 0

    def test_without_their_first_are_a_fault(self) -> None:
        orphan = service_entry(annotations={SHARD: "1"})
        (fault,) = run(virtual_service(), orphan, LIST).faults
        assert "the ServiceEntry that it continues is missing" in fault

    @pytest.mark.parametrize(
        "fields",
        [
            {"metadata.name": "another-1"},
            {"metadata.name": "wildcard-11"},
            {"metadata.name": "wildcard"},
            {"metadata.name": "-1"},
            {"metadata.namespace": "elsewhere"},
        ],
    )
    def test_are_taken_out_where_they_are_what_the_first_makes_and_a_fault_elsewhere(self, fields: Value) -> None:
        earlier = service_entry("wildcard-1", annotations={SHARD: "1"})
        first = service_entry()
        assert [item["kind"] for item in run(first, earlier, LIST).items] == ["ServiceEntry", "ConfigMap"]
        for field, value in fields.items():
            *way, last = field.split(".")
            (earlier[way[0]] if way else earlier)[last] = value
        (fault,) = run(first, earlier, LIST).faults
        assert f'carries {SHARD}: "1", which the function alone gives to copies' in fault
        assert "of one (ServiceEntry istio-system/wildcard-1, networking.istio.io); remove the annotation" in fault

    def test_of_another_group_are_no_copies(self) -> None:
        earlier = service_entry("wildcard-1", annotations={SHARD: "1"}) | {"apiVersion": "evil.example/v1"}
        copied, placed = run(service_entry(), earlier, LIST).faults
        assert f"carries {SHARD}, which the function alone gives to copies" in copied
        assert "has no place for domains" in placed

    def test_that_an_outer_layer_gave_a_suffix_are_taken_out_too(self) -> None:
        """Kustomize renames the copies of an inner layer as it does their first: the suffix comes last."""
        once = run(service_entry(), domains("\n".join(generated(300)))).items
        for item in once[:2]:
            item["metadata"]["name"] = f"a-1-{item['metadata']['name']}-prod-1"
        again = run(*once).items
        assert [item["metadata"]["name"] for item in again[:-1]] == ["a-1-wildcard-prod-1", "a-1-wildcard-prod-1-1"]

    def test_whose_set_has_no_list_are_no_fault_of_their_own(self) -> None:
        faults = run(service_entry(), service_entry("wildcard-1", annotations={SHARD: "1"})).faults
        assert len(faults) == 1
        assert 'takes the set "default", which no ConfigMap declares' in faults[0]

    def test_need_a_name_to_begin_theirs_with(self) -> None:
        item = service_entry()
        item["metadata"]["generateName"] = item["metadata"].pop("name") + "-"
        assert run(item, LIST).code == 0
        (fault,) = run(item, domains("\n".join(generated(300)))).faults
        assert "needs 1 further ServiceEntry for its list and has no name" in fault
        assert "write metadata.name" in fault

    def test_need_a_name_that_leaves_room_for_theirs(self) -> None:
        names = domains("\n".join(generated(300)))
        (fault,) = run(service_entry("a" * 252), names).faults
        assert "name begins with its own and has 254 characters, of which Kubernetes allows 253; give it" in fault
        assert "a name of at most 251" in fault
        assert run(service_entry("a" * 252), LIST).code == 0
        assert len(run(service_entry("a" * 251), names).items[1]["metadata"]["name"]) == 253
