"""The program where its Python or a package of it is missing or too old."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

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

    def test_a_package_is_named_with_the_way_to_get_it(self, tree: Path) -> None:
        line = refused(self.run(tree, tree / "python/bin"))
        python = tree / "python/bin/python3"
        assert f"the Python package py-yaml12 is missing in {python}" in line
        assert f"run `make venv` in the checkout, or {python} -m pip install py-yaml12" in line

    def test_a_package_missing_from_the_checkouts_venv(self, tree: Path) -> None:
        (tree / "python").rename(tree / ".venv")
        assert "py-yaml12 is missing" in refused(self.run(tree, "/nowhere"))

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
        assert f"the Python package {package} is missing" in line
        assert line.endswith(f"-m pip install {package}")
