"""README's first hour in an empty home, by each way to install, and in a clone: from nothing to what builds."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest

from documents import ROOT, block

README = (ROOT / "README.md").read_text(encoding="utf-8")
SHELL = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
# Behind the installation, before `probe`, which the archive does not bring; tests/dist/test_first_hour.py has it.
COMMANDS = "".join(
    line for line in SHELL[2].splitlines(keepends=True) if not re.match(r"uv tool install|egress-overlays probe", line)
)


@pytest.mark.parametrize("way", ["pip", "pipx", "uv", "archive"])
def test_from_an_installation_to_an_overlay_with_argo_cds_files(way: str, clean: Path, environ: dict[str, str]) -> None:
    assert COMMANDS.startswith("egress-overlays init")
    path = 'export PATH="$PWD/.venv/bin:$PATH"\n' if way == "pip" else ""
    installed = block("docs/install.md", way)
    done = dataclasses.replace(installed, text=installed.text + path + COMMANDS).run(clean, environ)
    assert done.returncode == 0, done.stderr
    (shown,) = re.findall(r"^en\.wikipedia\.org: allowed.*$", README, re.MULTILINE)
    assert shown in done.stdout.splitlines()
    assert "*.wikipedia.org" in (clean / "dev.yaml").read_text()
    application = clean / "egress/deploy/argocd/repo-server/application-prod/application.yaml"
    assert "path: egress/overlays/prod" in application.read_text()


def test_from_a_clone_to_prod_and_to_its_list_without_a_kustomize_on_path(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    (tmp_path / "bin").mkdir()
    python = Path(sys.base_prefix) / f"bin/python3.{sys.version_info.minor}"
    (tmp_path / "bin/python3").symlink_to(python)
    environ = {**environ, "PATH": f"{tmp_path}/bin:/usr/bin:/bin"}
    subprocess.run(["git", "clone", "--quiet", ROOT, tmp_path / "clone"], check=True)

    def shell(script: str) -> str:
        done = subprocess.run(
            ["sh", "-euc", script], cwd=tmp_path / "clone", env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert shell(SHELL[0]) == ""
    rendered = (tmp_path / "clone/prod.yaml").read_text()
    assert "kind: EnvoyFilter" in rendered
    assert "egress-domains.invalid" not in rendered
    assert "api.stripe.com" in shell(".venv/bin/egress-overlays list overlays/prod")
    assert "allowed" in shell(".venv/bin/egress-overlays check api.stripe.com overlays/prod")
