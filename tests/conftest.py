"""What all tests share: a tree to work in, how Hypothesis searches, and the option that writes goldens."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import known_builds

# What waits for Envoy, for DNS, for a program's end: one worker is at it while the others keep the cores busy.
FIRST = ("probe", "gitops")

# A build of kustomize ends before its garbage is worth collecting: a fifth of its time.
os.environ.setdefault("GOGC", "off")

# The same examples at every run, so that a red build is red for everyone. A search for new ones:
# HYPOTHESIS_PROFILE=search make test PYTEST="tests/names tests/injection"
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", parent=settings.get_profile("repeatable"), derandomize=False, max_examples=3000)
# The tree, the command and git in it, for the tests of commands.
pytest_plugins = ["working_tree"]

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(scope="session", autouse=True)
def _builds_of_one_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Workers of one run remember each other's builds."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        known_builds.share(tmp_path_factory.getbasetemp().parent / "known-builds")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {Path(__file__).parent / name: at for at, name in enumerate(FIRST)}
    assert all(folder.is_dir() for folder in order), FIRST
    items.sort(key=lambda item: order.get(item.path.parent, len(order)))


def pytest_collection_finish() -> None:
    """What pytest and the modules hold stays to the end: without it collections of garbage take a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-golden", action="store_true", help="write tests/golden/cases/*/expected anew")
