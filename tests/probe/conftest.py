"""Envoys to run: the newest, in `make long` the oldest, in `make e2e` (EGRESS_OVERLAYS_ENVOYS=all) every pinned one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from builds import ROOT
from tooling import PINNED

OLDEST, NEWEST = PINNED["ENVOY_OLDEST"], PINNED["ENVOY_NEWEST"]
BETWEEN = PINNED["ENVOY_BETWEEN"].split(",") if os.environ.get("EGRESS_OVERLAYS_ENVOYS") == "all" else []


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `version` runs with every Envoy."""
    if "version" in metafunc.fixturenames:
        others = [pytest.param(one, marks=pytest.mark.long) for one in (OLDEST, *BETWEEN)]
        metafunc.parametrize("version", [*others, NEWEST], scope="session")


@pytest.fixture(scope="session")
def envoys() -> dict[str, Path]:
    """The binaries by version, fetched into the cache where they are missing."""
    names = {NEWEST: "envoy", **{version: f"envoy-{version}" for version in (OLDEST, *BETWEEN)}}
    done = subprocess.run(
        [sys.executable, ROOT / "tools/components.py", *names.values()], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    paths = json.loads(done.stdout)
    return {version: Path(paths[name]) for version, name in names.items()}


@pytest.fixture(scope="session")
def binary(version: str, envoys: dict[str, Path]) -> Path:
    return envoys[version]


@pytest.fixture(scope="session")
def newest(envoys: dict[str, Path]) -> Path:
    return envoys[NEWEST]


@pytest.fixture(scope="session")
def minor(version: str) -> int:
    """The 38 of Envoy 1.38.3."""
    return int(version.split(".")[1])


@pytest.fixture(scope="session")
def connects_late(minor: int) -> bool:
    """Whether this Envoy waits for the first bytes before it connects (tcp_proxy.upstream_connect_mode, Envoy 1.37)."""
    return minor >= 37
