"""What the attacks need: `make attacks`."""

from __future__ import annotations

import shutil

import pytest


@pytest.fixture(scope="session", autouse=True)
def programs() -> None:
    """Fails where a program is missing, since a test that is left out is one that nobody hears of."""
    missing = [name for name in ("unbound", "kustomize") if shutil.which(name) is None]
    if missing:
        pytest.exit(f"make attacks needs {', '.join(missing)} on PATH (Debian: apt-get install unbound)", 2)
