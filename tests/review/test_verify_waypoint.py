"""base-ambient/ with the lists of every way: what it builds to, and what the commands say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import quick_yaml as yaml
from builds import ROOT, build
from command import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WAY = ROOT / "tests/e2e/ways/ambient"


@pytest.fixture(scope="module")
def objects() -> list[dict[str, Any]]:
    return build(WAY)


def verified(tmp_path: Path, objects: list[dict[str, Any]]) -> tuple[int, str]:
    path = tmp_path / "ambient.yaml"
    path.write_text(yaml.safe_dump_all(objects))
    outcome = run("verify", path)
    return outcome.code, outcome.out + outcome.err


def test_names_and_clients_stand_in_entries_and_policies(objects: list[dict[str, Any]]) -> None:
    entries = {one["metadata"]["name"]: one["spec"] for one in objects if one["kind"] == "ServiceEntry"}
    assert {name: (one["hosts"], one.get("exportTo")) for name, one in entries.items()} == {
        "egress-wildcards": (["*.ways.example.com"], None),
        "egress-wildcards-for.others": (["*.others.example.com"], ["others"]),
        "egress-exact": (["lie.exact.example.org", "shop.exact.example.org"], None),
    }
    assert all(
        one["metadata"]["labels"]["istio.io/use-waypoint"] == "egress"
        for one in objects
        if one["kind"] == "ServiceEntry"
    )
    policies = {one["metadata"]["name"]: one["spec"] for one in objects if one["kind"] == "AuthorizationPolicy"}
    assert set(policies) == {"egress", "egress-for.others"}
    assert all(one["targetRefs"][0]["kind"] == "Gateway" for one in policies.values())


def test_verify_says_what_is_not_promised_and_nothing_else(tmp_path: Path, objects: list[dict[str, Any]]) -> None:
    code, words = verified(tmp_path, objects)
    assert (code, words.count("warning:"), words.count("error:")) == (0, 1, 0), words
    assert "ENABLE_WILDCARD_HOST_SERVICE_ENTRIES_FOR_TLS" in words


def test_check_knows_who_may_and_that_no_sidecar_lets_out() -> None:
    assert run("check", "shop.ways.example.com", WAY).out.startswith(
        "shop.ways.example.com: allowed: *.ways.example.com"
    )
    assert run("check", "shop.others.example.com", "--as", "others/x", WAY).code == 0
    denied = run("check", "shop.others.example.com", "--as", "apps/x", WAY)
    assert (denied.code, "limited to others/*" in denied.out) == (1, True)
    assert run("check", "elsewhere.example.net", WAY).code == 1


def _without(kind: str) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    return lambda objects: [one for one in objects if one["kind"] != kind]


def _of_one_entry(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for one in objects:
        if one["metadata"]["name"] == "egress":
            one["spec"]["targetRefs"] = [
                {"group": "networking.istio.io", "kind": "ServiceEntry", "name": "egress-exact"}
            ]
    return objects


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_without("EnvoyFilter"), "no EnvoyFilter for that Gateway refuses addresses inside"),
        (_without("AuthorizationPolicy"), "has no AuthorizationPolicy with connection.sni here"),
        (_of_one_entry, "leaves further ones open"),
    ],
)
def test_verify_finds_what_would_let_more_through(
    tmp_path: Path, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]], words: str
) -> None:
    code, text = verified(tmp_path, change(build(WAY)))
    assert (code, words in text) == (1, True), text


def test_check_says_that_a_policy_that_asks_nobody_is_for_everybody(tmp_path: Path) -> None:
    objects = build(WAY)
    for one in objects:
        if one["metadata"]["name"] == "egress-for.others":
            del one["spec"]["rules"][0]["from"]
    path = tmp_path / "ambient.yaml"
    path.write_text(yaml.safe_dump_all(objects))
    assert run("check", "shop.others.example.com", "--as", "apps/x", path).code == 0
