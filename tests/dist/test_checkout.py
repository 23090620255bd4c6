"""A checkout on any system has what Kustomize and the kernel start with plain line ends."""

from __future__ import annotations

import subprocess

from builds import ROOT


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_what_has_a_shebang_keeps_its_line_ends() -> None:
    scripts = [name for name in git("ls-files").splitlines() if (ROOT / name).is_file() and _starts_a_program(name)]
    assert "plugin/egress-overlays" in scripts
    attributes = git("check-attr", "eol", "--", *scripts)
    assert [line for line in attributes.splitlines() if not line.endswith(": eol: lf")] == []


def _starts_a_program(name: str) -> bool:
    with (ROOT / name).open("rb") as file:
        return file.read(2) == b"#!"
