"""deploy/envoy-gateway with a list: what `verify` says is not promised, and what it misses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import quick_yaml as yaml
from builds import ROOT, build
from command import run

if TYPE_CHECKING:
    from pathlib import Path

WAY = ROOT / "tests/e2e/ways/envoy-gateway"


def verified(tmp_path: Path, *without: str) -> tuple[int, str]:
    path = tmp_path / "envoy-gateway.yaml"
    path.write_text(yaml.safe_dump_all([one for one in build(WAY) if one["kind"] not in without]))
    outcome = run("verify", path)
    return outcome.code, outcome.out + outcome.err


def test_names_stand_in_the_route(tmp_path: Path) -> None:
    (route,) = (one for one in build(WAY) if one["kind"] == "TLSRoute")
    assert route["spec"]["hostnames"] == ["*.ways.example.com", "lie.exact.example.org", "shop.exact.example.org"]
    code, words = verified(tmp_path)
    assert (code, words.count("warning:"), words.count("error:")) == (0, 1, 0), words
    assert "nobody asks who the client is" in words


def test_without_what_refuses_addresses_it_is_an_error(tmp_path: Path) -> None:
    code, words = verified(tmp_path, "EnvoyPatchPolicy")
    assert code == 1
    assert "no EnvoyPatchPolicy for the listener of its Gateway refuses those inside" in words
