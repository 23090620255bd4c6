"""An EnvoyFilter whose chains take parts of a set: exact names in those called `exact`, wildcards in the others."""

from __future__ import annotations

from typing import Any

import pytest

from builders import PLACEHOLDER, domains, envoy_filter, run, service_entry, virtual_service
from egress_overlays.manifest.resource import CHAINS_ANNOTATION, NAMES_ANNOTATION, Resource
from egress_overlays.names.domain import SECOND_PLACEHOLDER
from egress_overlays.rendered.host_lists import lists_of

BOTH = "*.example.com\na.example.net\n.example.org\n"
EMPTY = {"egress-overlays.dev/allow-empty": "true"}


def divided(*titles: str, annotations: dict[str, str] | None = None) -> dict[str, Any]:
    """An EnvoyFilter with a chain of each name."""
    made = envoy_filter(annotations={NAMES_ANNOTATION: "apart", **(annotations or {})})
    listener = made["spec"]["configPatches"][0]["patch"]["value"]
    (chain,) = listener["filter_chains"]
    listener["filter_chains"] = [{**chain, "name": title, "filters": [{"name": title}]} for title in titles]
    return made


def filled(outcome: Any) -> dict[str, list[str]]:
    """The names of each chain."""
    assert outcome.code == 0, outcome.words
    (found,) = [item for item in outcome.items if item["kind"] == "EnvoyFilter"]
    chains = found["spec"]["configPatches"][0]["patch"]["value"]["filter_chains"]
    return {one["name"]: one["filter_chain_match"]["server_names"] for one in chains}


def chains(made: dict[str, Any], text: str, **kwargs: Any) -> dict[str, list[str]]:
    return filled(run(virtual_service(), service_entry(), made, domains(text, **kwargs)))


def test_each_chain_takes_its_part() -> None:
    assert chains(divided("allowed", "exact"), BOTH) == {
        "allowed": ["*.example.com", "*.example.org"],
        "exact": ["a.example.net", "example.org"],
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.example.net\n", {"allowed": [SECOND_PLACEHOLDER], "exact": ["a.example.net"]}),
        ("*.example.com\n", {"allowed": ["*.example.com"], "exact": [PLACEHOLDER]}),
        ("# none\n", {"allowed": [SECOND_PLACEHOLDER], "exact": [PLACEHOLDER]}),
    ],
)
def test_a_part_without_a_name_has_a_placeholder_of_its_own(text: str, expected: dict[str, list[str]]) -> None:
    """Envoy refuses a listener that holds a name twice, and would go on with the list that it had."""
    found = chains(divided("allowed", "exact"), text, annotations=EMPTY if "none" in text else {})
    assert found == expected


def test_placeholders_are_read_as_no_names() -> None:
    made = divided("allowed", "exact")
    outcome = run(virtual_service(), service_entry(), made, domains("# none\n", annotations=EMPTY))
    (found,) = [item for item in outcome.items if item["kind"] == "EnvoyFilter"]
    assert [entry.names for entry in lists_of(Resource(found))] == [[PLACEHOLDER], [PLACEHOLDER]]


@pytest.mark.parametrize("text", [BOTH, "a.example.net\n"])
@pytest.mark.parametrize("annotations", [{}, {CHAINS_ANNOTATION: "4"}], ids=["one chain", "spread"])
def test_a_second_run_changes_nothing(text: str, annotations: dict[str, str]) -> None:
    made = divided("allowed", "exact", annotations=annotations)
    first = run(virtual_service(), service_entry(), made, domains(text))
    assert first.code == 0, first.words
    second = run(*first.items)
    assert (second.code, second.items) == (0, first.items)


def test_spread_names_stay_in_chains_of_their_part() -> None:
    names = [f"n{number}.example" for number in range(40)]
    text = "\n".join([*names, *(f"*.w{number}.example" for number in range(40))])
    found = chains(divided("allowed", "exact", annotations={CHAINS_ANNOTATION: "8"}), text)
    assert len(found) == 16
    for title, part in found.items():
        assert {name.startswith("*.") for name in part} == {title.startswith("allowed-")}
    assert sorted(name for part in found.values() for name in part) == sorted(text.split())


@pytest.mark.parametrize("titles", [("allowed",), ("exact",), ("exactly", "allowed")])
def test_chains_that_lose_a_part_are_refused(titles: tuple[str, ...]) -> None:
    outcome = run(virtual_service(), service_entry(), divided(*titles), domains(BOTH))
    assert outcome.code == 1
    assert "called exact, so that some names would be lost" in outcome.words


def test_no_other_kind_has_chains() -> None:
    taker = service_entry(annotations={NAMES_ANNOTATION: "apart"})
    outcome = run(virtual_service(), taker, envoy_filter(), domains(BOTH))
    assert outcome.code == 1
    assert '"apart" is no part of a list; write wildcards or exact' in outcome.words
    misspelt = envoy_filter(annotations={NAMES_ANNOTATION: "appart"})
    outcome = run(virtual_service(), service_entry(), misspelt, domains(BOTH))
    assert '"appart" is no part of a list; write apart, wildcards or exact' in outcome.words
