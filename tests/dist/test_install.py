"""Each way to install, by the commands of docs/install.md, in a clean directory, as a new user."""

from __future__ import annotations

import dataclasses
import subprocess
from typing import TYPE_CHECKING

import pytest

import egress_overlays
from documents import Block, block, blocks

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = "docs/install.md"
WAYS = ("pip", "pipx", "uv", "archive")
BUILD = 'kustomize build --enable-alpha-plugins --enable-exec "$TREE/overlays/inject-installed" >"$TREE/{way}.yaml"\n'
BUILD_LEGACY = 'kustomize build --enable-alpha-plugins "$TREE/overlays/inject-legacy" >"$TREE/{way}-legacy.yaml"\n'


def then(first: Block, *more: str) -> Block:
    """A block with more commands after it, in the same shell."""
    return dataclasses.replace(first, text=first.text + "".join(more))


def test_every_block_of_the_document_is_run_here() -> None:
    names = [one.name for one in blocks(DOCUMENT) if one.language == "sh"]
    # The images are built and run by test_images.py.
    assert names == [*WAYS, "image", "container", "plugin-home"]


@pytest.mark.parametrize("way", WAYS)
def test_installed_it_runs_and_kustomize_finds_it(way: str, clean: Path, tree: Path, environ: dict[str, str]) -> None:
    path = 'export PATH="$PWD/.venv/bin:$PATH"\n' if way == "pip" else ""
    commands = then(
        block(DOCUMENT, way),
        path,
        BUILD.format(way=way),
        block(DOCUMENT, "plugin-home").text,
        BUILD_LEGACY.format(way=way),
    )
    done = commands.run(clean, {**environ, "TREE": str(tree)})
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"egress-overlays {egress_overlays.__version__}"
    rendered = (tree / f"{way}.yaml").read_text()
    assert "raw.githubusercontent.com" in rendered
    assert "egress-domains.invalid" not in rendered
    assert (tree / f"{way}-legacy.yaml").read_text() == rendered


def test_not_installed_the_build_says_so(tree: Path, environ: dict[str, str]) -> None:
    command = ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec", f"{tree}/overlays/inject-installed"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "executable file not found in $PATH" in done.stderr
