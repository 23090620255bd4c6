"""docs/adopting.md from first block to last, in the tree that `init` made; the mesh itself is tests/e2e/test_22."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import quick_yaml as yaml
from accesslogs import POD, in_json
from command import Run
from documents import blocks

PAGE = "docs/adopting.md"
KUBECTL = "#!/bin/sh\ncat <<'EOF'\n{}\nEOF\n"


@pytest.fixture
def reader(run: Run, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree of `init`, logs of a sidecar, and a kubectl that knows its pod."""
    directory = tmp_path_factory.mktemp("reader")
    assert run("init", directory, "--overlays", "prod").code == 0
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    (directory / "logs").mkdir()
    line = in_json("api.stripe.com", start_time=at, upstream_host="151.101.1.1:443") + "\n"
    (directory / "logs/pay.log").write_text(line * 3)
    pod = {
        "kind": "Pod",
        "metadata": {"name": "pay-0", "namespace": "shop", "labels": {"app": "pay"}},
        "spec": {"serviceAccountName": "pay"},
        "status": {"podIP": POD, "podIPs": [{"ip": POD}]},
    }
    (directory / "bin").mkdir()
    kubectl = directory / "bin/kubectl"
    kubectl.write_text(KUBECTL.format(json.dumps({"kind": "List", "apiVersion": "v1", "items": [pod]})))
    kubectl.chmod(0o755)
    monkeypatch.chdir(directory)
    monkeypatch.setenv("PATH", f"{directory}/bin:{Path(sys.executable).parent}:{os.environ['PATH']}")
    return directory


def test_from_the_first_block_to_the_last(reader: Path) -> None:
    observe, learn, overlay, compare = blocks(PAGE)
    consoles = (learn, compare)
    assert {one.language for one in consoles} == {"console"}
    (reader / "observe").mkdir()
    for one in (observe, overlay):
        place = one.text.splitlines()[0].removeprefix("# ")
        (reader / place).write_text(one.text)
    done = subprocess.run(["kustomize", "build", "observe"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {one["kind"] for one in yaml.safe_load_all(done.stdout) if one} == {"ServiceEntry", "Telemetry"}
    said: list[str] = []
    for line in [line for one in consoles for line in one.text.splitlines()]:
        assert line.startswith("$ ")
        done = subprocess.run(["sh", "-c", line[2:]], capture_output=True, text=True, check=False)
        # The last one's 1 is the page's "nothing, when you are done".
        assert done.returncode == len(said) // 4, (line, done.stderr, done.stdout)
        said.append(done.stdout)
    assert "api.stripe.com" in (reader / "overlays/prod/domains.yaml").read_text()
    assert "api.stripe.com" in said[3]
    assert said[4] == ""
