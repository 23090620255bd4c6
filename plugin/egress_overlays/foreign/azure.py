"""Azure Firewall: application rules, and network rules by name, in ARM templates, Bicep, Terraform and `az ... show`.

Network rules are asked before application rules, either by the priority of rule collection group and collection, the
lowest number first; the first rule that matches decides, and what none matches is denied ("Azure Firewall rule
processing logic"). `*.name` is any depth below name and never name itself, `*name` every name that ends so, `*` every
name (Azure Firewall FAQ, wildcards in target FQDNs).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .azure_rules import TLS, Collection, Rules, Written, collections, made_by_terraform
from .found import Carried, Found, Note, left, wider
from .names import EVERYTHING, Rule, allow, decided, is_within, parts, plain
from .ports import HTTPS, by_port, opens, others, serves
from .values import Expression

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .files import File, Input, Item
    from .found import Scope
    from .values import Text

_ACTIONS = {"allow": True, "deny": False}


def takes(item: Item) -> bool:
    """Whether the document holds rule collections."""
    return any(True for _ in collections(item)) or any(True for _ in made_by_terraform(item.value))


def reads(_file: File) -> bool:
    """It is always JSON, YAML, Bicep or HCL."""
    return False


def read(items: Sequence[Item], _files: Sequence[File], given: Input) -> Iterator[Found]:
    """The names of every collection, a group each."""
    found = [(item, one) for item in items for one in collections(item)]
    for item in items:
        yield from made_by_terraform(item.value)
    ordered = [(one, list(Rules(item, given).of(one))) for item, one in sorted(found, key=lambda pair: pair[1].order)]
    ports = {
        port
        for one, rules in ordered
        for rule in rules
        if _ACTIONS.get(one.action.lower())
        for port in others(rule.ports, TLS)
    }
    yield from by_port(ports, partial(_at, ordered))


def _at(ordered: Sequence[tuple[Collection, list[Written]]], port: int) -> Iterator[Found]:
    """What the collections come to at a port."""
    reading = _Reading(port)
    for one, rules in ordered:
        reading.collection(rules, one)
    yield from reading.notes
    yield from decided(reading.rules)


class _Reading:
    """What the collections come to at a port, in order: `rules`, and `notes`."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.rules: list[Rule] = []
        self.notes: list[Note] = []
        self._endings: dict[str, Text] = {}

    def collection(self, rules: Sequence[Written], one: Collection) -> None:
        """The rules of one collection."""
        allows = _ACTIONS.get(one.action.lower())
        if allows is None:
            words = f"collection {one.name}: its action {one.action} cannot be told; its rules are left out"
            self.notes.append(left(one.place, words))
            return
        for rule in rules:
            self.notes += rule.notes
            if not (opens if allows else serves)(rule.ports, self._port, TLS):
                is_nowhere = allows and self._port == HTTPS and not others(rule.ports, TLS)
                for name in rule.names if is_nowhere else ():
                    self.notes.append(left(name.place, f'"{name}": was not open to TLS at port 443', name))
                continue
            for words, place in rule.beyond:
                self.notes.append((left if allows else wider)(place, f"{rule.title}: {words}"))
            if rule.inside is not None:
                self.notes.append(wider(rule.inside, f"{rule.title}: what it checks inside of TLS is not carried over"))
            for name in rule.names:
                if allows:
                    self._allow(name, one.name, rule.title, rule.scope)
                else:
                    self._deny(name, rule.title, rule.scope)

    def _allow(self, name: Text, group: str, title: str, scope: Scope | None) -> None:
        if isinstance(name, Expression):
            self.notes.append(left(name.place, f"{title}: {name} has to be worked out; write the names"))
        elif name == EVERYTHING:
            self.notes.append(left(name.place, f"{title}: lets every name through; that is not carried over"))
        elif name.startswith("*") and not name.startswith("*."):
            words = f'"{name}" stands for every name that ends so, of other domains too: left out; write the names'
            self.notes.append(left(name.place, words, name, "." + name.lstrip("*")))
        else:
            by = next((one for one in self._endings if plain(name).endswith(one)), None)
            if by is not None:
                self.notes.append(left(name.place, f'"{name}" is denied by "*{by}"', name))
                return
            if name.startswith("*"):
                for ending, one in self._endings.items():
                    if ending.endswith(plain(name)[1:]) or is_within(ending, [plain(name)]):
                        words = f'"{one}" was denied, and is open now by "{name}"'
                        self.notes.append(wider(one.place, words, name))
            self.rules.append(allow(Carried(name, group, name.place, scope=scope)))

    def _deny(self, name: Text, title: str, scope: Scope | None) -> None:
        if isinstance(name, Expression):
            self.notes.append(
                wider(name.place, f"{title}: {name} has to be worked out; what it denied may be open now")
            )
        elif scope is not None:
            self.notes.append(wider(name.place, f'{scope.words}: "{name}" was denied there, and may be open now', name))
        elif name.startswith("*") and not name.startswith("*.") and name != EVERYTHING:
            ending = plain(name).lstrip("*")
            self._endings.setdefault(ending, name)
            self.rules += [Rule(part, name.place) for part in parts("." + ending)]
        else:
            self.rules.append(Rule(name, name.place))
