"""step-security/harden-runner in workflows of GitHub: `allowed-endpoints` of a step.

One endpoint a word, `host:port`; `*.name` is everything below name. They count with egress-policy: block alone; audit
lets every name through and logs it (harden-runner, action.yml).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .found import Carried, Found, Place, left
from .ports import HTTPS, at_port, other
from .values import Map, Text, mapping, mappings, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .files import File, Input, Item

_ACTION = "step-security/harden-runner"


def takes(item: Item) -> bool:
    """Whether a workflow uses the action."""
    return any(True for _ in _steps(item))


def reads(_file: File) -> bool:
    """It is always YAML."""
    return False


def read(items: Sequence[Item], _files: Sequence[File], _given: Input) -> Iterator[Found]:
    """The names of every job, a group each."""
    for item in items:
        for job, step in _steps(item):
            settings = mapping(step, "with")
            listed = settings.get("allowed-endpoints")
            if text(settings, "egress-policy") not in ("block", ""):
                words = f"job {job}: egress-policy is {text(settings, 'egress-policy')}, which lets every name through"
                yield left(settings.at("egress-policy"), words)
            if isinstance(listed, Text):
                yield from _endpoints(job, listed)


def _endpoints(job: str, listed: Text) -> Iterator[Found]:
    for number, line in enumerate(listed.split("\n")):
        # A folded block has its line feeds taken out; its words are then of the key's line.
        place = Place(listed.place.file, listed.place.line + number + (1 if "\n" in listed.strip() else 0))
        for word in line.split():
            host, _, port = word.partition(":")
            if port in ("", str(HTTPS)) or other(port):
                yield Carried(at_port(host, int(port or HTTPS)), job, place)
            else:
                yield left(place, f'"{word}": was open at port {port} alone', host)


def _steps(item: Item) -> Iterator[tuple[str, Map]]:
    for job, value in mapping(item.value, "jobs").items():
        for step in mappings(value.get("steps")) if isinstance(value, Map) else ():
            if text(step, "uses").startswith(_ACTION):
                yield job, step
