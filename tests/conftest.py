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
# What builds packages and images, and installs them from a registry.
LONG = "dist"
HERE = Path(__file__).parent

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


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        _nobody_is_left_out(config, items)
    for item in items:
        if item.path.is_relative_to(HERE / LONG):
            item.add_marker(pytest.mark.long)
    order = {HERE / name: at for at, name in enumerate(FIRST)}
    assert all(folder.is_dir() for folder in order), FIRST
    items.sort(key=lambda item: order.get(item.path.parent, len(order)))


def _nobody_is_left_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    """pytest passes over folders by their names, and says nothing: whoever has tests must be among what it found."""
    ignored = [config.invocation_params.dir / path for path in config.getoption("ignore") or ()]
    files = {path for path in HERE.rglob("test_*.py") if not any(path.is_relative_to(one) for one in ignored)}
    missed = sorted(str(path.relative_to(HERE)) for path in files - {item.path for item in items})
    if missed:
        raise pytest.UsageError(f"pytest found no test in {', '.join(missed)}")


def pytest_collection_finish() -> None:
    """What pytest and the modules hold stays to the end: without it collections of garbage take a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-golden", action="store_true", help="write tests/golden/cases/*/expected anew")
