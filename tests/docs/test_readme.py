"""The README's commands do what it says, and docs/troubleshooting.md quotes what people really see."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TROUBLESHOOTING = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8")
TREE = ("base", "components", "overlays", "plugin", "tools", "Makefile", "pyproject.toml", "README.md", "LICENSE")
BUILD = ("kustomize", "build", "--enable-alpha-plugins", "--enable-exec")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what a user works in, with the packages of this checkout."""
    for name in TREE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, tmp_path / name)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    # Older than any installation, so that make leaves the packages of this checkout as they are.
    os.utime(tmp_path / "pyproject.toml", (0, 0))
    return tmp_path


def blocks() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_readme_has_its_commands() -> None:
    assert [block.strip() for block in blocks()[:2]] == ["make render ENV=prod > prod.yaml", "make test"]


# `make test` is what runs this very test; the block for a repository of one's own is run by tests/dist.
def test_what_the_first_block_prints(checkout: Path) -> None:
    done = subprocess.run(
        ["sh", "-euc", blocks()[0]], cwd=checkout, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    rendered = (checkout / "prod.yaml").read_text()
    assert "kind: EnvoyFilter" in rendered
    assert "egress-domains.invalid" not in rendered
    assert "kind: ConfigMap" not in rendered


def test_readme_is_short() -> None:
    assert README.count("\n") < 120


def _edit(path: str, old: str, new: str) -> Callable[[Path], None]:
    def edit(checkout: Path) -> None:
        file = checkout / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    return edit


def _lose_mode_bit(checkout: Path) -> None:
    (checkout / "plugin/egress-overlays").chmod(0o644)


def _lose_executable(checkout: Path) -> None:
    (checkout / "plugin/egress-overlays").unlink()


def _lose_packages(checkout: Path) -> None:
    # An interpreter of the system, which `-I` keeps from the packages of this one.
    (checkout / ".venv").unlink()
    launcher = checkout / "plugin/egress-overlays"
    launcher.write_text(launcher.read_text().replace("exec python3 -I", "exec python3 -I -S"))


DOMAINS = "overlays/dev/domains.yaml"
EVERYTHING = re.compile(r"^data:.*", re.DOTALL | re.MULTILINE)


def _empty(checkout: Path) -> None:
    file = checkout / DOMAINS
    file.write_text(EVERYTHING.sub("", file.read_text()))


def _only_unrelated(checkout: Path) -> None:
    _edit("overlays/dev/kustomization.yaml", "- ../../base\n- domains.yaml\n", "- other.yaml\n")(checkout)
    (checkout / "overlays/dev/other.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: unrelated}\ndata: {a: b}\n"
    )


GATEWAY = "base/envoyfilter.yaml"
SERVER_NAMES = """\
              filter_chain_match:
                server_names:
                  - egress-domains.invalid
"""


def _copy_of_nothing(checkout: Path) -> None:
    file = checkout / "base/serviceentry.yaml"
    text = file.read_text()
    other = text.replace("name: wildcard", "name: other").replace(
        "default\n", "default\n    egress-overlays.dev/shard: a\n"
    )
    file.write_text(f"{text}---\n{other}")


def _line(name: str) -> Callable[[Path], None]:
    return _edit(DOMAINS, "    ghcr.io\n", f"    {name}\n")


# What the page says people see, and how they come to see it.
TROUBLES: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "the egress-overlays function did not run": (lambda _: None, BUILD[:3]),
    "external plugins disabled; unable to load external plugin 'EgressDomains'": (lambda _: None, BUILD[:2]),
    "unable to find plugin root": (
        _edit("plugin/inject/kustomization.yaml", "- function.yaml", "- ../inject-legacy/plugin.yaml"),
        (*BUILD, "--load-restrictor=LoadRestrictionsNone"),
    ),
    "fork/exec ../../plugin/egress-overlays: permission denied": (_lose_mode_bit, BUILD),
    "no such file or directory": (_lose_executable, BUILD),
    "Python packages are missing in": (_lose_packages, BUILD),
    "which no ConfigMap declares": (_edit(DOMAINS, "set: default", "set: x"), BUILD),
    "which no resource takes": (_edit(DOMAINS, "set: default", "set: x"), BUILD),
    "has no domain at all": (_empty, BUILD),
    "nothing to inject": (_only_unrelated, BUILD),
    "so it would admit every name": (_edit(GATEWAY, SERVER_NAMES, ""), BUILD),
    "is the same field as": (
        _edit(GATEWAY, SERVER_NAMES, f"              filterChainMatch: {{}}\n{SERVER_NAMES}"),
        BUILD,
    ),
    "must be a mapping": (
        _edit(GATEWAY, SERVER_NAMES, SERVER_NAMES.replace("server_names:", "- server_names:")),
        BUILD,
    ),
    "which the function alone gives to copies": (_copy_of_nothing, BUILD),
    "is an IP address": (_line("192.0.2.1"), BUILD),
    "holds the port": (_line("ghcr.io:80"), BUILD),
    "has white space inside": (_line("ghcr.io pypi.org"), BUILD),
    'opens everything under "co.uk"': (_line("*.co.uk"), BUILD),
}


@pytest.mark.parametrize("message", TROUBLES)
def test_troubleshooting_quotes_a_real_message(message: str, checkout: Path) -> None:
    provoke, command = TROUBLES[message]
    provoke(checkout)
    done = subprocess.run(
        [*command, "overlays/dev"], cwd=checkout, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert message in done.stderr
    assert message in TROUBLESHOOTING


@pytest.mark.long
def test_etcd_and_apply_limits_are_met_by_real_lists(checkout: Path) -> None:
    for count, message, code in (
        (10_000, "more than client-side apply can keep", 0),
        (40_000, "etcd refuses objects over 1.5 MiB", 1),
    ):
        names = "".join(f"    n{number}.example.com\n" for number in range(count))
        (checkout / DOMAINS).write_text(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: d\n  labels: {egress-overlays.dev/set: default}\n"
            f"data:\n  generated: |\n{names}"
        )
        done = subprocess.run(
            [*BUILD, "overlays/dev"], cwd=checkout, capture_output=True, text=True, check=False, timeout=120
        )
        seen = (done.returncode, message in done.stderr, message in TROUBLESHOOTING)
        assert seen == (code, True, True), done.stderr[-300:]
