"""The function as a process, and what it says when it refuses."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from builders import domains, resource_list, sites

ROOT = Path(__file__).parents[2]


INPUT = resource_list([*sites(), domains("b\u00fccher.example\n")])


def start(*argv: str | Path, text: str = INPUT, **options: Any) -> subprocess.CompletedProcess[str]:
    options = {"capture_output": True, "encoding": "utf-8", **options}
    done: subprocess.CompletedProcess[str] = subprocess.run(argv, input=text, check=False, **options)
    return done


def refused(done: subprocess.CompletedProcess[str]) -> str:
    assert (done.returncode, done.stdout) == (1, ""), done
    (line,) = done.stderr.splitlines()
    assert line.startswith("egress-overlays: error: ")
    return line
