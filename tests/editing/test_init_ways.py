"""Overlays that go out otherwise than by the gateway: what `init` lays down, and what it says is needed."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from command import one_line

if TYPE_CHECKING:
    from command import Run


def test_ways_out_are_mixed_in_a_tree_without_a_checkout(
    run: Run, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert run("init", "egress", "--overlays", "prod").code == 0
    outcome = run("init", "egress/overlays/dev", "--base", "base-direct")
    assert outcome.code == 0
    assert "nobody checks the addresses that names resolve to" in outcome.err
    assert "restrict-direct-egress" not in outcome.err
    assert "components" not in Path("egress/overlays/dev/kustomization.yaml").read_text()
    for overlay in ("dev", "prod"):
        path = f"egress/overlays/{overlay}"
        assert run("add", "*.example.com", "api.example.net", "--group", "partners", path).code == 0
    assert "allowed: by the sidecar, directly" in run("check", "a.example.com", "egress/overlays/dev").out
    assert "allowed: *.example.com in group" in run("check", "a.example.com", "egress/overlays/prod").out
    verified = run("verify", "egress/overlays/dev")
    assert (verified.code, verified.out.count("warning:")) == (0, 1)


def test_every_overlay_of_a_new_tree_takes_the_way_that_is_named(
    run: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    egress = tmp_path_factory.mktemp("elsewhere") / "egress"
    assert run("init", str(egress), "--overlays", "a,b", "--base", "base-direct").code == 0
    for name in ("a", "b"):
        assert "- ../../base-direct\n" in (egress / f"overlays/{name}/kustomization.yaml").read_text()


def test_a_way_that_the_tree_does_not_have_yet(run: Run, tree: Path) -> None:
    shutil.rmtree(tree / "base-direct")
    assert "has no base-direct/ yet; `egress-overlays upgrade" in one_line(
        run("init", "overlays/qa", "--base", "base-direct"), 2
    )
    assert "goes with no other option" in one_line(run("init", "teams/x", "--list", "--base", "base-direct"), 2)


@pytest.mark.parametrize(
    ("base", "said"),
    [
        ("base-ambient", "istiod needs ENABLE_WILDCARD_HOST_SERVICE_ENTRIES_FOR_TLS"),
        ("deploy/envoy-gateway", "nobody asks there who the client is"),
    ],
)
def test_an_overlay_of_another_way_says_what_it_needs_and_verify_says_it_again(
    run: Run, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, base: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    laid = run("init", "egress", "--overlays", "dev")
    assert f"egress/{base}/  " in laid.out
    outcome = run("init", "egress/overlays/qa", "--base", base)
    assert said in outcome.err
    assert f"- ../../{base}\n" in Path("egress/overlays/qa/kustomization.yaml").read_text()
    assert run("add", "*.example.com", "--group", "partners", "egress/overlays/qa").code == 0
    verified = run("verify", "egress/overlays/qa")
    assert (verified.code, verified.out.count("warning:")) == (0, 1)
    assert run("check", "a.example.com", "egress/overlays/qa").code == 0
