"""Lists for some clients, that report and that deny, by plain HTTP: what is made of them, and told of them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest

import live
from builds import built_of, overlay, overlay_of
from http_clients import COMPONENTS, LISTED, LISTS, Object, clients, groups, manager, named

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Object]:
    return built_of(tmp_path_factory.mktemp("http"), LISTS, COMPONENTS)


def test_the_gateway_compares_host_and_the_identity(made: list[Object]) -> None:
    filters = [one["name"] for one in manager(made)["http_filters"]]
    assert filters[2:4] == ["egress-overlays.clients", "envoy.filters.http.dynamic_forward_proxy"]
    config = clients(made)
    assert config["matcher"] == config["shadow_matcher"]
    assert config["matcher"]["matcher_tree"]["input"]["typed_config"]["header_name"] == ":authority"
    assert [one["domains"] for one in groups(made)] == [
        [*("*.everybody.example.com", "*.everybody.example.com:80"), "deb.example.com", "deb.example.com:80"],
        ["own.example.com", "own.example.com:80"],
    ]
    further = [one["domains"] for one in groups(made, "sni-egressgateway-http-port.18080")]
    assert further == [["*.mirror.example.com:18080"], ["admin.mirror.example.com:18080"]]


def test_sidecars_of_others_do_not_know_the_names(made: list[Object]) -> None:
    for kind, name in (("VirtualService", "plain-http-through-egress-gateway"), ("ServiceEntry", "plain-http")):
        everybody, own = named(made, kind, name)["spec"], named(made, kind, f"{name}-for.shop")["spec"]
        assert (everybody["hosts"], own["hosts"]) == (
            ["*.everybody.example.com", "deb.example.com"],
            ["own.example.com"],
        )
        assert (everybody["exportTo"], own["exportTo"]) == (["*"], ["shop"])
        further = named(made, kind, f"{name}-for.blog.shop-port.18080")["spec"]
        assert (further["hosts"], further["exportTo"]) == (["*.mirror.example.com"], ["blog", "shop"])


def test_a_denial_for_everybody_is_a_virtual_host_of_its_own(made: list[Object]) -> None:
    allowed, denied = manager(made)["route_config"]["virtual_hosts"]
    assert allowed["name"] == "allowed"
    assert denied["domains"] == ["no.everybody.example.com", "no.everybody.example.com:80"]
    assert denied["routes"] == [
        {"name": "denied", "match": {"prefix": "/"}, "direct_response": {"status": 403}},
    ]


def test_without_its_component_the_function_refuses_it(tmp_path: Path, run: Run) -> None:
    lists = {name: ({"names": names}, annotations) for name, (names, annotations) in LISTS.items()}
    outcome = run("list", overlay_of(tmp_path, lists, COMPONENTS[:-1]))
    assert outcome.code == 2
    assert "add components/plain-http/client-lists after components/plain-http" in outcome.err


def test_names_for_everybody_need_no_component_and_ask_nobody(tmp_path: Path) -> None:
    lists = {**LISTS, "team": ("b.example.com\n", {"clients": "shop\n"})}
    del lists["blog"]
    found = built_of(tmp_path, lists, COMPONENTS[:-1])
    assert [one["name"] for one in manager(found)["http_filters"]][1:3] == [
        "egress-overlays.listed",
        "envoy.filters.http.dynamic_forward_proxy",
    ]
    assert [one["metadata"]["name"] for one in found if one["kind"] == "ServiceEntry" and "http" in str(one)]


def test_commands_say_whom_a_name_is_for(made: list[Object], tmp_path: Path, run: Run) -> None:
    file = tmp_path / "made.json"
    file.write_bytes(live.text(made))
    own = "http://own.example.com"
    assert "shop/*" in run("check", own, file).out
    assert run("check", own, "--as", "shop/any", file).code == 0
    assert run("check", own, "--as", "blog/app", file).code == 1
    admin = "http://admin.mirror.example.com:18080"
    assert run("check", admin, "--as", "shop/any", file).code == 0
    assert run("check", admin, "--as", "blog/app", file).code == 1
    assert run("check", "http://no.everybody.example.com", file).code == 1
    assert run("check", "http://yes.everybody.example.com", file).code == 0
    for command in ("list", "matrix"):
        out = run(command, file).out
        (line,) = [one for one in out.splitlines() if "own.example.com:80/http" in one]
        assert "shop" in line, out
    assert "!no.everybody.example.com:80/http" in run("list", file).out
    wider = copy.deepcopy(made)
    rule = groups(wider)[1]["on_match"]["matcher"]["matcher_list"]["matchers"][0]
    expression = rule["predicate"]["single_predicate"]["value_match"]["safe_regex"]
    expression["regex"] = expression["regex"].replace("shop", "[^/,]+")
    other = tmp_path / "wider.json"
    other.write_bytes(live.text(wider))
    assert "own.example.com:80/http" in run("diff", file, other).out


def test_a_list_that_reports(tmp_path: Path, run: Run) -> None:
    report = {"clients": "till", "enforce": "report", "report-until": "2999-12-31"}
    lists = {**LISTS, "till": ("http://till.example.com\n", report)}
    written = {name: ({"names": names}, annotations) for name, (names, annotations) in lists.items()}
    directory = overlay_of(tmp_path, written, COMPONENTS)
    outcome = run("verify", directory)
    assert (outcome.code, outcome.out.count("[report-only]")) == (0, 1), outcome.out
    assert "allowed, reported" in run("check", "http://own.example.com", "--as", "till/any", directory).out
    assert run("check", "http://own.example.com", "--as", "other/any", directory).code == 1
    denied = "http://admin.mirror.example.com:18080"
    assert run("check", denied, "--as", "till/any", directory).code == 1
    without = overlay_of(tmp_path, written, tuple(name for name in COMPONENTS if name != "report"))
    assert "components/report" in run("verify", without).err


def test_verify_takes_it_as_it_is(made: list[Object], tmp_path: Path, run: Run) -> None:
    file = tmp_path / "made.json"
    file.write_bytes(live.text([*made, *LISTED]))
    outcome = run("verify", file)
    assert outcome.code == 0, outcome.out


@pytest.mark.parametrize("further", [("monitoring",), ("steady-connections",), ("dual-stack", "json-access-log")])
def test_verify_takes_it_beside_others(further: tuple[str, ...], tmp_path: Path, run: Run) -> None:
    directory = overlay(tmp_path, (*COMPONENTS, *further), ("a.example.com", "http://deb.example.com"), "shop")
    outcome = run("verify", directory)
    assert outcome.code == 0, outcome.out
