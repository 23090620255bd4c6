"""`import` of broken, truncated and hostile files: an answer or a refusal, and no name that the file does not hold."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from bench.foreign_lists import SAMPLES

from egress_overlays import Source, import_lists
from egress_overlays.foreign import Unreadable
from egress_overlays.yamltext import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ["a.example.com", "*.b.example.com", "c.example.org"]
HOSTILE = [
    "[" * 500,
    "{" * 500,
    "&a [*a]",
    "*a",
    "!!python/object:os.system x",
    "\x00",
    "\ud7ff\u2028",
    "${x}",
    "{{ x }}",
    "null",
    "-1",
    "1e999",
    '"',
    "'",
    "# ",
    "---\n",
    "(" * 50,
    "*",
    "\\",
    "kind: Sidecar\n",
]


def mutants(text: str, seed: int) -> Iterator[str]:
    chance = random.Random(seed)  # noqa: S311 - the same every time
    for _ in range(12):
        at, to = sorted(chance.randrange(len(text)) for _ in range(2))
        yield text[:at]
        yield text[:at] + text[to:]
        yield text[:at] + chance.choice(HOSTILE) + text[at:]
        yield text[:at] + chance.choice(HOSTILE) + text[to:]
        yield text[:to] + text[at:]
        lines = text.split("\n")
        chance.shuffle(lines)
        yield "\n".join(lines)
        for old, new in (("[", "{"), ('"', ""), (":", ""), ("443", "null"), (" ", "\t")):
            yield text[:at] + text[at:].replace(old, new, 1)


@pytest.mark.parametrize("form", SAMPLES)
def test_a_broken_file_is_read_or_refused_and_opens_no_other_name(form: str) -> None:
    file, text = SAMPLES[form](NAMES)
    assert import_lists([Source(file, text.encode())]).groups
    for mutant in mutants(text, 21):
        try:
            found = import_lists([Source(file, mutant.encode())])
        except (Unreadable, InvalidInput):
            continue
        low = mutant.lower()
        for names in found.groups.values():
            for line in names:
                name = line.removeprefix("!").partition(":")[0]
                assert name in low or name.removeprefix("*") in low, (line, mutant)
