"""What is too much is refused before it is made, and said in few lines."""

from __future__ import annotations

from builders import domains, generated, run, virtual_service
from egress_overlays.injection.inject import plan
from egress_overlays.manifest.resource import Resource


def test_names_times_places_are_bounded_before_anything_is_made() -> None:
    item = virtual_service()
    match = item["spec"]["tls"][0]["match"][0]
    item["spec"]["tls"][0]["match"] = [match] * 40_000
    result = plan([Resource(item), Resource(domains("\n".join(generated(2_500))))])
    (fault,) = [one for one in result.findings if one.severity == "error"]
    assert fault.rule == "size"
    assert "has 40,001 places for a list of 2,500 names" in str(fault)
    assert 0 not in result.edits


def test_many_resources_are_bounded_together() -> None:
    items = [virtual_service(f"v{number}") for number in range(2_000)]
    result = plan([*map(Resource, items), Resource(domains("\n".join(generated(600))))])
    (fault,) = [one for one in result.findings if one.severity == "error"]
    assert "more than 2,000,000 names would be written" in str(fault)


def test_after_some_hundred_faults_of_a_kind_comes_a_count() -> None:
    outcome = run(virtual_service(), domains("".join(f"not a name {number}\n" for number in range(11_000))))
    assert outcome.code == 1
    lines = [line for line in outcome.words.splitlines() if "error: " in line]
    assert len(lines) == 301
    assert lines[-1].endswith("and 10,700 more of this kind (domain)")
    assert len(outcome.text) < 2_000_000
