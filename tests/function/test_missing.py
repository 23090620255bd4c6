"""The program where its Python or a package of it is missing or too old."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

import egress_overlays.installation
from egress_overlays.installation import PACKAGES, advice
from processes import INPUT, ROOT, refused, start

if TYPE_CHECKING:
    from pathlib import Path


class TestMissing:
    """What a user without Python or packages sees."""

    @pytest.fixture
    def tree(self, tmp_path: Path) -> Path:
        """The plugin without the checkout's .venv, and a Python without packages in bin/."""
        shutil.copytree(ROOT / "plugin", tmp_path / "plugin", ignore=shutil.ignore_patterns("__pycache__"))
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "python"], check=True)
        return tmp_path

    def run(self, tree: Path, path: Path | str, text: str = INPUT) -> subprocess.CompletedProcess[str]:
        return start(tree / "plugin/egress-overlays", text=text, env={"PATH": str(path)})

    def test_all_packages_are_named_with_the_way_to_get_them(self, tree: Path) -> None:
        line = refused(self.run(tree, tree / "python/bin"))
        packages = ", ".join(PACKAGES[""].values())
        assert f"Python packages are missing in {tree / 'python/bin/python3'}: {packages}; " in line
        assert line.endswith(f"; run: make -C {tree} venv")

    def test_packages_missing_from_the_checkouts_venv(self, tree: Path) -> None:
        (tree / "python").rename(tree / ".venv")
        assert "py-yaml12" in refused(self.run(tree, "/nowhere"))

    def test_no_python(self, tree: Path) -> None:
        assert "no Python: run `make venv` in the checkout" in refused(self.run(tree, "/nowhere"))

    def test_an_old_python(self, tree: Path) -> None:
        fake = tree / "old/python3"
        fake.parent.mkdir()
        code = "import sys; sys.version_info = (3, 10, 1); sys.argv = sys.argv[2:]; exec(open(sys.argv[0]).read())"
        fake.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{code}" "$@"\n')
        fake.chmod(0o755)
        assert "Python 3.10 is too old, 3.11 or newer is needed" in refused(self.run(tree, fake.parent))

    @pytest.mark.parametrize(
        ("module", "package", "text"),
        [
            ("yaml12", "py-yaml12", INPUT),
            ("yaml", "PyYAML", INPUT.replace("kind: VirtualService", "kind: &kind VirtualService")),
            ("idna", "idna", INPUT),
            ("ruamel.yaml", "ruamel.yaml", INPUT.replace("    hosts:\n", "    'hosts' :\n", 1)),
        ],
    )
    def test_each_package_is_named(self, module: str, package: str, text: str) -> None:
        code = f"import sys; sys.modules[{module!r}] = None; from egress_overlays.__main__ import run; run()"
        line = refused(start(sys.executable, "-c", code, text=text))
        assert f": {PACKAGES[''][module]}; run: " in line
        assert package in line


def test_the_packages_are_those_of_the_distribution() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    for extra, wanted in {"": project["dependencies"], **extras}.items():
        assert sorted(PACKAGES[extra].values()) == sorted(one.partition(";")[0] for one in wanted), extra


WAYS = {
    "venv": ("lib/pip/__init__.py", "{python} -m pip install 'rich>=13' idna"),
    "pipx": ("pipx_metadata.json", "pipx inject {name} 'rich>=13' idna"),
    "uv tool": ("uv-receipt.toml", "uv pip install --python {python} 'rich>=13' idna"),
    "uv venv": ("pyvenv.cfg", "uv pip install --python {python} 'rich>=13' idna"),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_command_is_that_of_the_installation(way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What each command does is tried in tests/dist/test_missing_extras.py."""
    mark, command = WAYS[way]
    (tmp_path / mark).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / mark).touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "path", [str(tmp_path / "lib")])
    monkeypatch.delitem(sys.modules, "pip", raising=False)
    monkeypatch.setattr(egress_overlays.installation, "__file__", str(tmp_path / "lib/egress_overlays/installation.py"))
    said = advice("", ["rich>=13", "idna"])
    assert said.endswith("; run: " + command.format(python=sys.executable, name=tmp_path.name))


def test_the_archive_says_what_it_does_not_bring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert advice("probe", ["dnslib"]).endswith(
        f"uv tool install 'egress_overlays-{egress_overlays.__version__}-py3-none-any.whl[probe]'"
    )
