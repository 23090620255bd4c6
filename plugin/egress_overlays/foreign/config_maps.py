"""What was imported as domains ConfigMaps: one for every workload, and one for each set of clients."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ..manifest.resource import CLIENTS_ANNOTATION, DEFAULT_SET, SET_LABEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .found import Place
    from .importing import Imported

_LONGEST = 253


class ConfigMap(NamedTuple):
    """A ConfigMap: its `name`, whom it is for ("" for every workload), and its groups, each the lines of it.

    `places` has, by group and number of the line from 1, where the name stood.
    """

    name: str
    set_name: str
    clients: str
    groups: dict[str, list[str]]
    places: dict[tuple[str, int], Place]

    @property
    def value(self) -> dict[str, Any]:
        """The object."""
        metadata: dict[str, Any] = {"name": self.name, "labels": {SET_LABEL: self.set_name}}
        if self.clients:
            metadata["annotations"] = {CLIENTS_ANNOTATION: self.clients}
        data = {group: "".join(f"{line}\n" for line in lines) for group, lines in self.groups.items()}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}

    def yaml(self) -> str:
        """The object in YAML, each group a block."""
        lines = ["apiVersion: v1", "kind: ConfigMap", "metadata:", f"  name: {_scalar(self.name)}", "  labels:"]
        lines.append(f"    {SET_LABEL}: {_scalar(self.set_name)}")
        if self.clients:
            lines += ["  annotations:", f"    {CLIENTS_ANNOTATION}: |"]
            lines += [f"      {client}" for client in self.clients.split("\n")]
        lines.append("data:")
        for group, names in self.groups.items():
            lines.append(f"  {_scalar(group)}: |")
            lines += [f"    {line}" for line in names]
        return "\n".join(lines) + "\n"


def config_maps(found: Imported, name: str = "egress-domains", set_name: str = DEFAULT_SET) -> list[ConfigMap]:
    """The ConfigMaps that `found` makes: `name` for every workload's list, and `name` with a suffix for each other."""
    made: list[ConfigMap] = []
    for clients, groups in sorted(found.lists.items()):
        lines = {group: _lines(names) for group, names in sorted(groups.items())}
        places = {
            (group, number): found.places[group, one]
            for group, names in groups.items()
            for number, one in enumerate(names, 1)
        }
        made.append(ConfigMap(_name(name, clients, [one.name for one in made]), set_name, clients, lines, places))
    return made


def _name(name: str, clients: str, taken: Sequence[str]) -> str:
    if not clients:
        return name
    suffix = re.sub(r"[^a-z0-9]+", "-", clients.lower()).strip("-") or "clients"
    found = f"{name}-{suffix}"[:_LONGEST].strip("-")
    number = 2
    while found in taken:
        found = f"{name}-{suffix}"[: _LONGEST - 4].strip("-") + f"-{number}"
        number += 1
    return found


def _lines(names: dict[str, str]) -> list[str]:
    width = max(map(len, names)) + 2
    return [f"{name.ljust(width)}# {_printable(comment)}" if comment else name for name, comment in names.items()]


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _scalar(text: str) -> str:
    """`text`, quoted where YAML would take it for something else."""
    plain = text.replace("-", "").replace("_", "").isalnum() and not text[0].isdigit() and text[0] not in "-_"
    return text if plain and text.lower() not in _WORDS else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


_WORDS = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
