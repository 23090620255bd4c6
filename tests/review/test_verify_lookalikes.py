"""`verify` where nothing is annotated: what looks like an SNI egress gateway is judged like one."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from live import chain, chains, findings, live, of, patch, service, small, text

if TYPE_CHECKING:
    from command import Run

    Object = dict[str, Any]


@pytest.fixture
def plain() -> list[Object]:
    """The same without annotations and labels, as a gateway of another making has it."""
    found = live()
    for one in found:
        one["metadata"].pop("annotations", None)
        one["metadata"].pop("labels", None)
    return found


def rules(run: Run, objects: list[Object]) -> set[str]:
    return {one["rule"] for one in findings(run, objects) if one["severity"] == "error"}


def test_what_is_right_is_fine(run: Run, plain: list[Object]) -> None:
    assert findings(run, plain) == []


def test_an_open_chain_beside_a_good_one(run: Run, plain: list[Object]) -> None:
    for patch_ in of(plain, "EnvoyFilter")["spec"]["configPatches"]:
        listener = patch_["patch"]["value"]
        if "filter_chains" in listener:
            more = copy.deepcopy(listener["filter_chains"][0])
            del more["filter_chain_match"]
            listener["filter_chains"].append(more)
            assert rules(run, plain) == {"place"}
            listener["default_filter_chain"] = listener["filter_chains"].pop()
            assert rules(run, plain) == {"place"}


def test_no_chain_with_a_list_at_all(run: Run, plain: list[Object]) -> None:
    for one in chains(of(plain, "EnvoyFilter")):
        del one["filter_chain_match"]
    assert rules(run, plain) == {"place"}
    assert "gateway  matches *" in run("check", "--all", "evil.example", "-", stdin=text(plain)).out


def test_a_serviceentry_of_other_names(run: Run, plain: list[Object]) -> None:
    of(plain, "ServiceEntry")["spec"]["hosts"] = ["x.example.com"]
    assert rules(run, plain) == {"agreement"}


def test_a_serviceentry_without_names(run: Run, plain: list[Object]) -> None:
    of(plain, "ServiceEntry")["spec"]["hosts"] = []
    assert "empty" in rules(run, plain)


def test_a_serviceentry_of_too_many(run: Run, plain: list[Object]) -> None:
    of(plain, "ServiceEntry")["spec"]["hosts"] = [f"h{number}.example.com" for number in range(257)]
    assert "limit" in rules(run, plain)


def test_a_virtualservice_of_other_names_to_the_same_gateway(run: Run, plain: list[Object]) -> None:
    plain.append(service({"host": "egressgateway.istio-egress"}))
    assert rules(run, plain) == {"agreement"}


def test_what_is_elsewhere_takes_no_part(run: Run, plain: list[Object]) -> None:
    entry = copy.deepcopy(of(plain, "ServiceEntry"))
    entry["metadata"]["name"] = "direct"
    entry["spec"]["hosts"] = ["direct.example.com"]
    other = small(patch("FILTER_CHAIN", "ADD", chain(["shop.example.com"])), labels={"istio": "ingress"})
    (found,) = findings(run, [*plain, entry, other, service({"host": "evil.example"})])
    # Sidecars reach that name by themselves, which is no matter of the gateway's lists.
    assert (found["rule"], found["severity"]) == ("beside", "warning")
