"""Cases as directories: `input.yaml` and `config.yaml` in, `expected.yaml` or `errors.txt` out.

input.yaml     the resources, one YAML document each; or a whole ResourceList, taken as it is
config.yaml    the functionConfig, where there is one
expected.yaml  the ResourceList on stdout; errors.txt instead: the words on stderr of a run that must fail

`make golden` writes what is expected anew, and fails all the same: review it with git diff.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from builders import Outcome, run_text
from golden import check

CASES = Path(__file__).parent / "cases"


def _indented(text: str, first: str) -> str:
    lines = text.strip("\n").split("\n")
    return "\n".join((first if number == 0 else "  " if line else "") + line for number, line in enumerate(lines))


def text_of(case: Path) -> str:
    """The ResourceList that `case` hands to the function, its resources as they are written."""
    given = (case / "input.yaml").read_bytes().decode()
    if "kind: ResourceList" in given or given.lstrip().startswith("{"):
        return given
    items = [_indented(document, "- ") for document in given.split("\n---\n")]
    parts = ["apiVersion: config.kubernetes.io/v1", "kind: ResourceList", "items:", *items]
    if (case / "config.yaml").exists():
        parts += ["functionConfig:", _indented((case / "config.yaml").read_text(), "  ")]
    return "\n".join(parts) + "\n"


@pytest.mark.parametrize("case", sorted(path.parent for path in CASES.glob("*/input.yaml")), ids=lambda path: path.name)
def test_case(case: Path, pytestconfig: pytest.Config) -> None:
    write: bool = pytestconfig.getoption("--write-golden")
    outcome: Outcome = run_text(text_of(case))
    fails = (case / "errors.txt").exists()
    assert fails != (case / "expected.yaml").exists(), "a case has either expected.yaml or errors.txt (may be empty)"
    assert outcome.code == int(fails), outcome.words
    # Twice: on its own output the function changes nothing, and a fault stays the same fault.
    if outcome.text:
        assert run_text(outcome.text) == outcome
    check(case / "errors.txt", outcome.words, write=write) if fails else check(
        case / "expected.yaml", outcome.text, write=write
    )


def test_there_are_cases_of_both_kinds() -> None:
    for name in ("expected.yaml", "errors.txt"):
        assert len(list(CASES.glob(f"*/{name}"))) >= 5
    assert all((path / "input.yaml").exists() for path in CASES.iterdir()), "a case without input"
