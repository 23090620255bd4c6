"""Results as docs link them: figures as JSON, and a table of them."""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("results")
MACHINE = f"{os.cpu_count()} CPUs, {platform.machine()}, Python {platform.python_version()}"


def keep(name: str, results: Any, table: str, *, really: bool = True) -> None:
    """Print `table`, and unless not `really` keep it and `results` as bench/results/NAME.md and .json."""
    if really:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.json").write_text(json.dumps(results, indent=1) + "\n")
        (RESULTS / f"{name}.md").write_text(table)
    sys.stdout.write(table)
