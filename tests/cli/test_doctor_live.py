"""`doctor --live`: what it asks kubectl, and that it changes nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from egress_overlays.cli import doctor
from egress_overlays.cli.doctor import QUERIES
from live import text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from command import Run

    Object = dict[str, Any]
    Change = Callable[[list[Object]], object]


@pytest.mark.parametrize("arguments", [(), ("--live", "-")])
def test_wrong_use_is_said(arguments: tuple[str, ...], run: Run) -> None:
    outcome = run("doctor", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert "doctor takes - (or a file), or --live" in outcome.err


def test_live_asks_kubectl_and_changes_nothing(
    run: Run, cluster: list[Object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that stands for kubectl: it answers what it is asked, and notes it."""
    answers = tmp_path / "answers"
    answers.write_bytes(text(cluster))
    kubectl = tmp_path / "kubectl"
    empty = tmp_path / "empty"
    empty.write_text("apiVersion: v1\nkind: List\nitems: []\n")
    lines = (
        "#!/bin/sh",
        f'echo "$@" >>{tmp_path}/asked',
        f'[ "$2" = configmaps ] && exec cat {empty}',
        f"cat {answers}",
    )
    kubectl.write_text("\n".join(lines) + "\n")
    kubectl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    outcome = run("doctor", "--live", "--root-namespace", "mesh-root")
    assert outcome.code == 0, outcome
    asked = (tmp_path / "asked").read_text().splitlines()
    assert [line.split()[0] for line in asked] == ["get", "get"]
    assert asked[1] == "get configmaps -n mesh-root -o yaml"
    kubectl.write_text("#!/bin/sh\necho 'error: You must be logged in' >&2; exit 1\n")
    assert "You must be logged in" in run("doctor", "--live").err


def test_the_documented_lines_are_what_live_asks() -> None:
    documented = (doctor.__doc__ or "").replace("\\\n  ", "").splitlines()
    assert [line for line in documented if line.startswith("kubectl")] == [
        " ".join(("kubectl", *query)) for query in QUERIES
    ]
