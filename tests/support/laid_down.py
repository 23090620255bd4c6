"""What `init` laid down in somebody's repository, read and built."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import quick_yaml as yaml

if TYPE_CHECKING:
    from command import Outcome


def git(*words: str) -> None:
    subprocess.run(["git", *words], check=True)


def documents(path: Path | str) -> list[dict[str, Any]]:
    return [one for one in yaml.safe_load_all(Path(path).read_text()) if one]


def laid_down(outcome: Outcome) -> list[Path]:
    """The files that are no part of the tree itself."""
    assert outcome.code == 0, outcome.err
    # Of what every tree gets, a line says how many files a directory has.
    files = [Path(line) for line in outcome.out.splitlines() if not line.endswith(" files")]
    return [path for path in files if "deploy" in path.parts or path.parts[0] != "egress"]


def build(path: Path) -> str:
    command = ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return str(done.stdout)
