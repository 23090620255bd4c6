"""What prod renders otherwise than 0.1.0 did stands in docs/migrating.md, value by value, and nothing else."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import quick_yaml as yaml
from builds import ROOT, build
from documents import block

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LISTS = {"hosts", "sniHosts", "server_names"}
"""What the overlay's own list fills."""
LONG = 6


def leaves(value: Any, path: str) -> Iterator[str]:
    """Each value with its path; places in lists are `[]`, since an insertion moves all that follow."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in LISTS:
                yield from leaves(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, f"{path}[]")
    else:
        yield f"{shortened(path)}: {value}"


def shortened(path: str) -> str:
    """The kind and the last three steps of a long path."""
    steps = path.split(".")
    return path if len(steps) <= LONG else ".".join([steps[0], "...", *steps[-3:]])


def values(objects: Iterable[dict[str, Any]]) -> Counter[str]:
    """The values of everything rendered, the objects by their kinds, of which there is one each."""
    found = list(objects)
    assert len({one["kind"] for one in found}) == len(found)
    return Counter(leaf for one in found for leaf in leaves(one, one["kind"]))


def test_every_value_that_changed_since_0_1_0_is_explained() -> None:
    old = values(yaml.safe_load_all(Path(__file__).with_name("prod-0.1.0.yaml").read_text()))
    new = values(build(ROOT / "overlays/prod"))
    changed = {*marked("-", old - new), *marked("+", new - old)}
    lines = block("docs/migrating.md", "since-0.1.0").text.splitlines()
    explained = [line for line in lines if line.startswith(("- ", "+ "))]
    assert sorted(explained) == sorted(changed)
    assert [line for line in lines if line and not line.startswith(("- ", "+ ", "# "))] == []


def marked(sign: str, found: Counter[str]) -> list[str]:
    """The lines of a diff, one for equal values."""
    return [f"{sign} {leaf}" + (f"  (x{count})" if count > 1 else "") for leaf, count in found.items()]
