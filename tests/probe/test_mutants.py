"""Changed gateways: what verify lets pass of a sample opens nothing in a real Envoy. All of them: `make mutants`."""

from __future__ import annotations

import runpy
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from builds import ROOT
from mutation import mutants, tree

if TYPE_CHECKING:
    from pathlib import Path

TOOL = ROOT / "tools/mutants.py"
PROD = "overlays/prod"


@pytest.mark.long
def test_no_mutant_of_a_sample_that_verify_lets_pass_opens_the_gateway() -> None:
    command = [sys.executable, str(TOOL), "--sample", "40", PROD]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "40 mutants of 1 tree" in done.stdout
    assert "| an error of verify |" in done.stdout


@pytest.mark.long
def test_a_mutant_that_opens_the_gateway_is_told_from_others_in_envoy_and_refused_by_verify(newest: Path) -> None:
    script = runpy.run_path(str(TOOL))
    lists = [one for one in mutants(PROD) if one.path[-1:] == ("server_names",)]
    mutant = next(one for one in lists if one.value and one.value[-1] == "mutant.example")
    allowed = script["reached"](tree(PROD), newest)
    become, why = script["in_envoy"](mutant, newest, allowed)
    assert (become, "mutant.example" in why) == (script["OPENS"], True)
    assert script["judged"](mutant)[1] == script["CAUGHT"]
