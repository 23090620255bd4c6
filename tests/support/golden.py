"""An expected output in a file, which `make golden` writes anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


def check(path: Path, actual: str, *, write: bool) -> None:
    if write:
        if not path.exists() or path.read_text() != actual:
            path.write_text(actual)
        pytest.fail(f"{path.name}: written; review it with git diff and run without --write-golden")
    assert path.read_text() == actual, "`make golden` writes it anew, where this is what you meant"
