"""An Nginx SNI proxy: `map $ssl_preread_server_name`, in nginx.conf or in a ConfigMap that holds it.

With `hostnames`, `*.name` matches any depth and `.name` the apex too, as ours do (nginx, ngx_stream_map_module).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from .source import Carried, Note, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = "$ssl_preread_server_name"
_TOKEN = re.compile(r"""#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{};]|[^\s{};]+""", re.DOTALL)
_MARKS = ("{", "}", ";")
_CLOSED = ("", "0", "127.0.0.1:1", "unix:/dev/null")


class _Directive(NamedTuple):
    words: list[str]
    within: list[_Directive]


def matches(source: Source) -> bool:
    """Whether the file is about the server name of a TLS handshake, in Nginx."""
    return "ssl_preread" in source.text


def in_config_map(source: Source, value: dict[str, Any]) -> Iterator[Carried | Note]:
    """The maps in a ConfigMap's data."""
    data = value.get("data")
    texts = [text for text in data.values() if isinstance(text, str)] if isinstance(data, dict) else []
    if any("ssl_preread" in text for text in texts):
        yield from _maps(source, "\n".join(texts))


def read(source: Source) -> Iterator[Carried | Note]:
    """The names of every map that says where a connection goes."""
    if source.documents:
        for document in source.documents:
            yield from in_config_map(source, document)
    else:
        yield from _maps(source, source.text)


def _parsed(text: str) -> list[_Directive]:
    """The directives of `text`, those of blocks within these."""
    top = _Directive([], [])
    stack = [top]
    words: list[str] = []
    for part in _TOKEN.findall(re.sub(r"\$\{(\w+)\}", r"$\1", text)):
        if part[0] == "#":
            continue
        if part not in _MARKS:
            words.append(part[1:-1] if part[0] in "\"'" else part)
            continue
        if words:
            stack[-1].within.append(_Directive(words, []))
        if part == _MARKS[0] and words:
            stack.append(stack[-1].within[-1])
        elif part == _MARKS[1] and len(stack) > 1:
            stack.pop()
        words = []
    return top.within


def _all(directives: list[_Directive]) -> Iterator[_Directive]:
    for one in directives:
        yield one
        yield from _all(one.within)


def _maps(source: Source, text: str) -> Iterator[Carried | Note]:
    everything = list(_all(_parsed(text)))
    passed = [one.words[1] for one in everything if one.words[0] == "proxy_pass" and len(one.words) > 1]
    upstreams = {
        one.words[1]: [server.words[1] for server in one.within if server.words[0] == "server" and server.words[1:]]
        for one in everything
        if one.words[0] == "upstream" and len(one.words) > 1
    }
    maps = {one.words[2]: one for one in everything if one.words[:2] == ["map", _NAME] and len(one.words) > 2}
    for target in dict.fromkeys(passed):
        yield from _passed(source, target, maps)
    for variable, one in maps.items():
        line = source.line_of(variable)
        if passed and not any(re.search(re.escape(variable) + r"(?!\w)", target) for target in passed):
            yield source.note(f"map {variable}: no proxy_pass goes where it says: its names are left out", line)
            continue
        if not passed:
            yield source.note(
                f"map {variable}: no proxy_pass stands here; its names are taken as if it led there", line
            )
        yield from _entries(source, variable, one.within, upstreams)


def _passed(source: Source, target: str, maps: dict[str, _Directive]) -> Iterator[Note]:
    """What a proxy_pass does that its maps do not say."""
    line = source.line_of(target) or source.line_of(target.partition(":")[0])
    host, _, port = target.rpartition(":") if re.search(r":\d+$", target) else (target, "", "443")
    if host == _NAME:
        yield source.note(
            "proxy_pass $ssl_preread_server_name lets every name through that reaches Nginx; the names are those of "
            "the VirtualServices, import these too",
            line,
        )
    elif host not in maps:
        yield source.note(f"proxy_pass {target}: is no map of the server name; that is not carried over", line)
    if port != "443":
        yield source.note(f"port {port} is not carried over; the gateway serves 443 alone", line)


def _entries(
    source: Source, variable: str, entries: list[_Directive], upstreams: dict[str, list[str]]
) -> Iterator[Carried | Note]:
    hostnames = any(one.words == ["hostnames"] for one in entries)
    told: set[str] = set()
    for key, *rest in (one.words for one in entries):
        target = " ".join(rest)
        line = source.line_of(key)
        if key in ("hostnames", "volatile"):
            continue
        refused = _refusal(key, target, hostnames=hostnames)
        if refused:
            yield source.note(refused, line)
        elif key != "default":
            name = key.removeprefix("\\")
            yield Carried(name, variable.removeprefix("$"), line)
            for words in _elsewhere(name, target, upstreams):
                if words not in told:
                    told.add(words)
                    yield source.note(words, line)


def _refusal(key: str, target: str, *, hostnames: bool) -> str:
    """Why an entry of a map is not taken over; empty for one that is, and for a default that lets nothing through."""
    if key == "default":
        return (
            "" if target in _CLOSED else f"default {target}: every other name went there too; that is not carried over"
        )
    reasons = [
        (key == "include", f"include {target}: not read; import that file too"),
        (key.startswith("~"), f"{key}: a regular expression is not carried over; write the names"),
        ("*" in key.removeprefix("*."), f"{key}: a * at the end or inside is not carried over; write the names"),
        (target in _CLOSED, f"{key}: a deny rule (it went nowhere) is not carried over"),
        (
            key.startswith(("*.", ".")) and not hostnames,
            f"{key}: without hostnames; in the map Nginx compares it letter by letter: left out",
        ),
    ]
    return next((words for holds, words in reasons if holds), "")


def _elsewhere(key: str, target: str, upstreams: dict[str, list[str]]) -> Iterator[str]:
    """What is to be said of a name that did not go to itself at port 443."""
    for server in upstreams.get(target) or [target]:
        host, _, port = server.partition(":")
        if host.lower() not in (_NAME, key.lower()):
            by = f" (upstream {target})" if target in upstreams else ""
            yield f"{server}{by}: names went there, {key} the first; here each goes to its own address"
        elif port not in ("", "443"):
            yield f"{key}: port {port} is not carried over; the gateway serves 443 alone"
