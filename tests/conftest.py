"""What all tests share: a tree to work in, how Hypothesis searches, and the option that writes goldens."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-golden", action="store_true", help="write tests/golden/cases/*/expected anew")
