"""`learn` without its extra: the message's own command brings what is missing, whichever way it was installed."""

from __future__ import annotations

import os
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest

from distribution import artifact

if TYPE_CHECKING:
    from pathlib import Path

WAYS = {
    "venv": "python3 -m venv venv; venv/bin/pip install --quiet dist/*.whl; ln -s $PWD/venv/bin/egress-overlays bin/",
    "pipx": "pipx install --quiet dist/*.whl",
    "uv tool": "uv tool install --quiet dist/*.whl",
    "uv venv": "uv venv --quiet venv; uv pip install --quiet --python venv/bin/python dist/*.whl;"
    "ln -s $PWD/venv/bin/egress-overlays bin/",
}


def learn(clean: Path, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    (clean / "empty.log").touch()
    command = ["egress-overlays", "learn", "empty.log"]
    return subprocess.run(command, cwd=clean, env=environ, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("way", WAYS)
def test_the_command_that_is_named_brings_all_of_it(way: str, clean: Path, environ: dict[str, str]) -> None:
    (clean / "bin").mkdir()
    environ = {**os.environ, **environ, "PATH": f"{clean}/bin:{environ['PATH']}"}

    def shell(script: str) -> None:
        done = subprocess.run(
            ["sh", "-euc", script], cwd=clean, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    shell(WAYS[way])
    done = learn(clean, environ)
    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert "msgspec>=0.19, " in line
    shell(line.partition("; run: ")[2])
    assert "missing" not in learn(clean, environ).stderr


@pytest.mark.parametrize(("words", "extra"), [(("probe", "."), "probe"), (("learn", "x.log"), "logs")])
def test_the_archive_names_the_wheel(words: tuple[str, ...], extra: str, tmp_path: Path) -> None:
    """The image is made of it: deploy/container/Dockerfile."""
    with tarfile.open(artifact()) as archive:
        archive.extractall(tmp_path, filter="data")
    (program,) = tmp_path.glob("*/egress-overlays")
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    (line,) = done.stderr.splitlines()
    assert line.endswith(f"-py3-none-any.whl[{extra}]'")
