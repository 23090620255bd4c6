"""deploy/conftest, run by a real conftest on what `list -o json` prints."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from command import Run

ROOT = Path(__file__).parents[2]
FILE = Path("components/domains-payments/domains.yaml")

pytestmark = pytest.mark.skipif(shutil.which("conftest") is None, reason="`make conftest` brings it")


def held(run: Run, today: str = "2026-12-01") -> tuple[set[str], set[str]]:
    """What it denies and what it warns of, of the names in FILE."""
    listed = run("list", "-o", "json", "--today", today, "overlays/prod").out
    words = ["conftest", "test", "--parser", "json", "--policy", str(ROOT / "deploy/conftest"), "-o", "json", "-"]
    done = subprocess.run(words, input=listed, capture_output=True, text=True, check=False)
    (found,) = json.loads(done.stdout)
    failures, warnings = ({one["msg"] for one in found.get(key) or ()} for key in ("failures", "warnings"))
    assert done.returncode == bool(failures), done.stderr
    return _of_file(failures), _of_file(warnings)


def _of_file(messages: set[str]) -> set[str]:
    return {one.partition(": ")[2] for one in messages if one.startswith(str(FILE))}


@pytest.mark.usefixtures("tree")
def test_a_real_conftest_holds_lists_to_the_example(run: Run) -> None:
    FILE.write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: egress-domains-payments\n"
        "  labels: {egress-overlays.dev/set: default}\n"
        "  annotations: {egress-overlays.dev/owner: payments}\ndata:\n  a: |\n"
        "    api.example.com  # ticket=NET-1 until=2026-12-24\n    *.example.org  # ticket=SEC-1\n"
    )
    assert held(run) == (set(), {"api.example.com is expiring: 2026-12-24"})
    assert held(run, "2026-10-01") == (set(), set())
    FILE.write_text(FILE.read_text() + "    *.example.net  # ticket=NET-2\n    abc.ngrok.io\n")
    assert held(run)[0] == {
        "*.example.net is a wildcard, and has no ticket=SEC-...",
        "abc.ngrok.io ngrok.io is a tunnel service, which leads to anybody's machine",
    }
    FILE.write_text(FILE.read_text().replace("owner: payments", "ticket: NET-3"))
    assert "api.example.com has no owner=" in held(run)[0]
