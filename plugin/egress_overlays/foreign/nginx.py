"""An Nginx SNI proxy: `map $ssl_preread_server_name`, in nginx.conf or in a ConfigMap that holds it.

With `hostnames`, `*.name` matches any depth and `.name` the apex too, as ours do. Asked in turn are exact names, the
longest wildcard, and regular expressions in the order of the file (nginx, ngx_stream_map_module). Maps may go on to
other maps; what decides is where proxy_pass leads in the end.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .found import Carried, Found, Place, left, wider
from .names import Rule, allow, decided, joined, most_specific_first, parts
from .nginx_config import NAME, Config, Entry, read_config

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .files import File, Input, Item

_HTTPS = "443"


def takes(_item: Item) -> bool:
    """The keys of a ConfigMap are files of their own."""
    return False


def reads(file: File) -> bool:
    """Whether the file is about the server name of a TLS handshake, in Nginx."""
    return "ssl_preread" in file.text


def read(_items: Sequence[Item], files: Sequence[File], given: Input) -> Iterator[Found]:
    """The names of every map that says where a connection goes."""
    configs: dict[int, list[File]] = {}
    for file in files:
        configs.setdefault(id(file.within) if file.within is not None else id(file), []).append(file)
    for together in configs.values():
        config = read_config(together, given)
        yield from config.notes
        yield from _Reading(config).all()


class _Reading:
    """What one configuration comes to."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.told: set[str] = set()

    def all(self) -> Iterator[Found]:
        """The names, and what cannot be a list of names."""
        config = self.config
        firsts = [one for one in config.maps.values() if one.source == NAME]
        targets = dict(config.passes)
        if not config.has_pass:
            for one in firsts:
                words = f"map {one.variable}: no proxy_pass stands here; its names are taken as if it led there"
                yield wider(one.place, words)
                targets[one.variable] = one.place
        used = {variable for target in targets for variable in config.used_by(target)}
        for one in config.maps.values():
            if one.variable not in used and one.source == NAME:
                yield left(one.place, f"map {one.variable}: no proxy_pass goes where it says: its names are left out")
        rules: list[Rule] = []
        expressions = {entry.place for one in firsts for entry in one.expressions}
        for target, place in targets.items():
            yield from self._target(target, place, rules)
        for target, place in config.blind.items():
            if _split(target)[0] == NAME:
                yield from self._target(target, place, [])
        # Expressions are asked after every name and wildcard, in the order of the file.
        first = [rule for rule in rules if rule.place not in expressions]
        last = [rule for rule in rules if rule.place in expressions]
        yield from joined(decided([*most_specific_first(first), *last]))
        yield from config.clients()

    def _target(self, target: str, place: Place, rules: list[Rule]) -> Iterator[Found]:
        """The names that one proxy_pass leads on, to `rules`; notes on everything else."""
        maps = [self.config.maps[one] for one in self.config.used_by(target) if self.config.maps[one].source == NAME]
        if not maps:
            host, port = _split(target)
            if host == NAME:
                words = "proxy_pass $ssl_preread_server_name lets every name through that reaches Nginx"
                yield left(place, f"{words}; the names are those of the VirtualServices, import these too")
                if port != _HTTPS:
                    yield left(place, f"port {port} is not carried over; the gateway serves 443 alone")
            elif not self.config.is_closed(target):
                yield left(place, f"proxy_pass {target}: is no map of the server name; that is not carried over")
            return
        for one in maps:
            yield from self._entries(one.entries, one.variable, target, rules)

    def _entries(self, entries: Sequence[Entry], variable: str, target: str, rules: list[Rule]) -> Iterator[Found]:
        for entry in entries:
            if entry.key == "default" or entry.refusal:
                lands = self.config.resolve(target, "default" if entry.key == "default" else entry.key)
                if lands is not None and not self.config.is_closed(lands if not entry.refusal else entry.value):
                    words = f"default {entry.value}: every other name went there too; that is not carried over"
                    yield left(entry.place, entry.refusal or words)
                continue
            found = {part: self.config.resolve(target, part) for part in parts(entry.name)}
            same = len(set(found.values())) == 1
            for name, lands in [(entry.name, next(iter(found.values())))] if same else found.items():
                yield from self._entry(entry, name, lands, variable, rules)

    def _entry(self, entry: Entry, name: str, lands: str | None, variable: str, rules: list[Rule]) -> Iterator[Found]:
        """The rule for `name` of an entry, which `lands` somewhere."""
        if lands is None:
            yield left(entry.place, f"{entry.key}: where its maps lead cannot be told", name)
        if lands is None or self.config.is_closed(lands):
            rules.append(Rule(name, entry.place))
            return
        host, port = _split(lands)
        is_own = host.lower() in (NAME, name)
        if is_own and port != _HTTPS:
            yield left(entry.place, f"{entry.key}: went to port {port}; the gateway serves 443 alone", name)
            rules.append(Rule(name, entry.place))
            return
        rules.append(allow(Carried(name, variable.removeprefix("$"), entry.place)))
        if not is_own and lands not in self.told:
            self.told.add(lands)
            words = f"{lands}: names went there, {entry.key} the first; here each goes to its own address"
            yield wider(entry.place, words, name)


def _split(target: str) -> tuple[str, str]:
    """Host and port of a target; 443 where it names none."""
    found = re.fullmatch(r"(.*?)((?::\d+)+)", target)
    return (found[1], found[2].split(":")[1]) if found else (target, _HTTPS)
