#!/usr/bin/env python3
"""Compares each of components/bundles with what its source says today: `make bundles`, over the network.

A source is a file of a public repository, read as text by the patterns below. Exit 1: a bundle and its source differ,
or a source cannot be read as before.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

BUNDLES = Path(__file__).resolve().parent.parent / "components/bundles"
PATTERNS = {
    "debian": (r"standardMirrors=\( 'https?://([^/']+)/debian' \)", r"securityMirrors=\( 'https?://([^/']+)/[^']*' \)"),
    "docker-hub": (r"https://([^\s|]+) *\| *Docker Pull/Push", r"https://(auth\.docker\.io) *\|"),
    "github-actions": (r"(?m)^((?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)+)$",),
    "go": (r"(?m)^GOPROXY=https://([^,/\s]+)", r"(?m)^GOSUMDB=(\S+)"),
    "letsencrypt": (r"\[Production\] `https://(acme-v02[^/]+)/",),
    "maven-central": (
        r'@Config\(defaultValue = "https://([^/"]+)/maven2"\)\s+public static final String MAVEN_REPO_CENTRAL',
    ),
    "npm": (r"registry: 'https://([^/']+)",),
    "pypi": (r"\bPyPI = PackageIndex\(\s*\"https://([^/\"]+)/", r"\bPyPI = [^)]*file_storage_domain=\"([^\"]+)\""),
    "rubygems": (r"DEFAULT_HOST = \"https://([^\"/]+)\"", r"uri\.host = \"(index\.[^\"]+)\""),
}
"""By bundle, what stands around the names in its source; each pattern must be found."""


class Bundle(NamedTuple):
    """The names of a bundle, and the addresses of its sources."""

    names: set[str]
    sources: list[str]


def bundle(directory: Path) -> Bundle:
    """What a bundle's own file says."""
    found = yaml.safe_load((directory / "domains.yaml").read_text(encoding="utf-8"))
    lines = "\n".join(found["data"].values()).split("\n")
    names = {line.partition("#")[0].strip() for line in lines} - {""}
    return Bundle(names, found["metadata"]["annotations"]["source"].split())


def names_in(name: str, text: str) -> set[str]:
    """The names in the `text` of the sources of the bundle `name`; raises ValueError where a pattern is not found."""
    names: set[str] = set()
    for pattern in PATTERNS[name]:
        found = set(re.findall(pattern, text))
        if not found:
            raise ValueError(f"{name}: its source has no {pattern}; has it been rewritten? Read it again")
        names |= found
    return {one for one in names if not any(_covers(other, one) for other in names)}


def _covers(one: str, other: str) -> bool:
    return one != other and one.startswith("*.") and other.endswith(one[1:])


def differences(name: str, own: set[str], text: str) -> list[str]:
    """What the bundle lacks, and what its source does not say any more."""
    there = names_in(name, text)
    lacks = [f"{name}: the source names {one}, the bundle does not" for one in sorted(there - own)]
    return lacks + [f"{name}: the bundle has {one}, the source does not" for one in sorted(own - there)]


def fetched(address: str) -> str:
    """The text at an address of a bundle's file."""
    with urlopen(address, timeout=30) as answer:  # noqa: S310 - https:// alone stands in our own files
        return str(answer.read().decode())


def main(read: Callable[[str], str] = fetched) -> int:
    """Compare all bundles."""
    code = 0
    for directory in sorted(path.parent for path in BUNDLES.glob("*/domains.yaml")):
        own = bundle(directory)
        try:
            said = differences(directory.name, own.names, "\n".join(map(read, own.sources)))
        except (URLError, ValueError) as fault:
            said = [str(fault) if isinstance(fault, ValueError) else f"{directory.name}: not compared: {fault}"]
        print("\n".join(said) or f"{directory.name}: as its source")
        code |= bool(said)
    return code


if __name__ == "__main__":
    sys.exit(main())
