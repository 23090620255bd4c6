"""The one name that somebody may have meant by a line that is no name, as pasted from a page, a table or a script."""

from __future__ import annotations

import html
import re
from typing import NamedTuple

from .domain import read
from .ports import can_hold

_QUOTES = "\"'`\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a"
_BULLETS = "\u2022\u2023\u25cf\u25cb\u25e6\u25aa\u25ab\u25a0\u25a1\u00b7\u2219\u2043\u2192\u27a4>+\u2013\u2014-"
_BLANKS = "\u00a0\u200b\u2060\ufeff"

# What may stand before a name and says nothing of it. The list is closed: in front of prose a name may be forbidden.
_BEFORE = re.compile(
    rf"[\s{_BLANKS}]+"
    rf"|[{_BULLETS}](?=\s)|\*(?=\s)|[\u2611\u2705\u2713\u2714]|\[[ xX]?\](?=\s)"  # bullets, ticks, boxes
    r"|[\"'(]?\d{1,5}[\"']?[.):,\t](?=\s|[^\d.])|\(?[a-z][.)](?=\s)|\d{1,4}(?=\s+[^\d\s])"  # numbers
    rf"|[{_QUOTES}\\(\[{{|]+|\*\*+(?!\.)|<(?=\S+>)"  # quotes, brackets, table bars
    r"|(?:host|hostname|domain|domainname|fqdn|name|url|site|dns|server|endpoint)[\"']?\s*[:=](?!/)"
    r"|(?:https|tls|wss)://",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?:\*\.|\.)?(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]*\.?", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][a-z0-9-]*(?:\s[^<>]*)?/?>", re.IGNORECASE)
_LINK = re.compile(r"\[([^\]\s]+)\]\((\S+?)\)")
_PROTOCOL = r"(?:tcp|tls|https)"
_HTTPS = re.compile(
    rf"\s*(?:(?:ports?|{_PROTOCOL})[\s/:]*)?(?::\s?)?\b443\b(?:[/\s]*{_PROTOCOL}\b)?|\s*\b{_PROTOCOL}\b", re.IGNORECASE
)
_PATH = re.compile(r"[/?][^\s\"'`<>|)\]}\u2018-\u201f]*")
_FILLING = f" \t\r\\,;|()[]{{}}<>*_/:=\u2013\u2014-{_QUOTES}{_BLANKS}"
_NOT_A_NAME = ("#", "//", ";", "--", "<!--", "!", "||", "@@", "~")  # comments, denials, filters of advertisements

# What makes a line doubtful, wherever it stands: addresses, users, other protocols, and a no.
_DOUBTFUL = re.compile(
    r"\b\d{1,3}(?:\.\d{1,3}){3}\b|[0-9a-f]*:[0-9a-f]*:[0-9a-f:]*|\w@\w|~~|\[\.\]|hxxp|\bhttp://|\budp\b|\bquic\b"
    r"|[\u2716\u2717\u2718\u274c\u274e\u26d4\U0001f6ab]|\b(?:no|not|never|deny|denied|block|blocked|forbid\w*|remove"
    r"|removed|delete|deleted|except|without|old|obsolete|deprecated|decommissioned|disallow\w*|reject\w*|don'?t|ban"
    r"|banned|nicht|kein\w*|verboten|gesperrt)\b",
    re.IGNORECASE,
)
# A number right after the name, after "port", before "/tcp", or after a colon.
_PORT = re.compile(
    rf"^[\s|,;:/\\)\]>{_QUOTES}\u2013\u2014-]*(\d{{1,5}})(?!\d|[.]\d)|\bports?\b\D{{0,3}}(\d{{1,5}})"
    r"|\b(\d{1,5})\s?/\s?(?:tcp|udp)\b|:(\d{1,5})\b",
    re.IGNORECASE,
)
_MORE_PORTS = re.compile(r"^[\s|,;:/-]*\d{1,5}(?:\s*[,/-]\s*(\d{2,5}))+")
_LONGEST = 500  # characters: longer lines are no entries of a list


class Mended(NamedTuple):
    """The `name` that a line is for, and what else it said, as a `comment`."""

    name: str
    comment: str


def mended(line: str) -> Mended | None:
    """What `line` means where one name can be made out, and nothing in it is doubtful; else None.

    Taken off: bullets, numbers, quotes, schemes, paths, `:443`, commas, table bars and HTML tags. Two names, another
    port, an address, plain HTTP and a word such as "not" leave doubt.
    """
    text, hash_mark, remark = html.unescape(line).partition(" #")
    text = text.strip()
    if not text or len(text) > _LONGEST or text.startswith(_NOT_A_NAME) or _DOUBTFUL.search(text):
        return None
    names = {_bare(found) for found in _NAME.findall(_without_paths(text))}
    if len(names) != 1:
        return None
    text = _LINK.sub(r"\1", _TAG.sub(" ", text))
    at = 0
    while found := _BEFORE.match(text, at):
        at = found.end()
    name = _NAME.match(text, at)
    if name is None:
        return None
    tail = text[name.end() :]
    if _goes_on(tail):
        return None
    rest = _without_port(tail)
    if rest is None or read(name[0]) is None:
        return None
    words = " ".join(part for part in (_words(rest), remark.strip() if hash_mark else "") if part)
    meant = name[0].removesuffix(".")
    return Mended(meant.lower() if meant.isascii() else meant, words)


# Scheme and user before a name, port and path behind it.
_URL = re.compile(r"([a-z][a-z0-9+.-]*)://(?:[^\s/?#@]+@)?([^\s/?#@:]+)(?::(\d{1,5}))?(?:[/?#]\S*)?", re.IGNORECASE)
_TLS = ("https", "wss", "tls", "ssl", "amqps", "mqtts", "rediss", "ldaps", "imaps", "pop3s", "smtps", "ftps", "grpcs")
# A number right after a name, as the port that it is for.
_OTHER_PORT = re.compile(rf"[\s|,;:)\]>{_QUOTES}]*(?:ports?\W{{0,3}})?(\d{{1,5}})(?!\d|[.]\d)", re.IGNORECASE)
_DENYING = re.compile(rf"[-*{_QUOTES}\s]*!\s*")
# What regular expressions say of the part before a name, and what a list does.
_EXPRESSIONS = (
    (r"(^|\.)", "."),
    (r"(.*\.)?", "."),
    (r"(.+\.)?", "."),
    (r".*\.", "*."),
    (r".+\.", "*."),
    (r"[^.]+\.", "*."),
)


def suggested(text: str) -> str:
    """The one name that may be meant by `text`, though it is too doubtful to be taken; "" where none can be made out.

    URLs of whatever scheme, empty labels, several stars or a hyphen in front, regular expressions that mean a name.
    """
    denying = _DENYING.match(text)
    if denying and not text.startswith("!"):
        inner = mended(text[denying.end() :])
        return f"!{inner.name}" if inner else ""
    url = _URL.fullmatch(text)
    near, port = text, ""
    if url:
        near, port = url[2], url[3] if url[1].lower() in _TLS and url[3] else ""
    if "\\." in near:
        near = near.removesuffix("$")
        for expression, written in _EXPRESSIONS:
            if near.removeprefix("^").startswith(expression):
                near = written + near.removeprefix("^").removeprefix(expression)
                break
        near = near.removeprefix("^").replace("\\.", ".")
    near = re.sub(r"\.{2,}", ".", re.sub(r"^\*\*+\.", "*.", near)).removesuffix(".")
    near = re.sub(r"^-+(?=\w)", "", near)
    if near == text or not (near.isascii() and read(near)):
        return _with_port(text)
    return at_port(near.lower(), port)


def at_port(name: str, port: str) -> str:
    """`name` with `port`, which is 443 where it is empty, as a list writes it; "" where no list can hold that port."""
    if port in ("", "443"):
        return name
    return f"{name}:{int(port)}" if can_hold(int(port)) else ""


def _with_port(text: str) -> str:
    """The name and port that a line is for which says more; "" where that is not sure."""
    name = _NAME.search(text)
    number = _OTHER_PORT.match(text, name.end()) if name else None
    if name is None or number is None or number[1] == "443":
        return ""
    meant = mended(text[: name.end()] + text[number.end() :])
    found = at_port(meant.name, number[1]) if meant else ""
    return found if found != text.lower() else ""


def _goes_on(tail: str) -> bool:
    """Whether what stands right behind a name may belong to it: `api.example,com`, or dots of other scripts."""
    if tail[:1] and (tail[0].isalnum() or tail[0] in "_-@%&$^!~" or re.match(r"/\d+\b|\*(?!\*)", tail)):
        return True
    if not tail[:1].isascii() and tail[0] not in _QUOTES + _BLANKS + _BULLETS and not tail[0].isspace():
        return True
    word = re.match(r"[^\w\s/?*]{1,2}([^\W\d_]{2,63})(?![\w.-])", tail)
    if word is None:
        return False
    from .public_suffix import is_top_level

    return is_top_level(word[1].lower())


def _bare(name: str) -> str:
    return name.lower().strip(".")


def _without_paths(text: str) -> str:
    """`text` in which no path is left, whose files look like names."""
    return re.sub(r"(?<=[\w])/(?!/)[^\s\"'`<>|)\]}]*", " ", text)


def _without_port(rest: str) -> str | None:
    """What follows a name without port 443 and a path; None where another port stands there."""
    rest = re.sub(r"^:443\b", "", rest)
    rest = _PATH.sub(" ", rest, count=1) if rest[:1] in ("/", "?") else rest
    if _MORE_PORTS.match(rest):
        return None
    for found in _PORT.finditer(rest):
        if next(filter(None, found.groups())) != "443":
            return None
    return rest


def _words(rest: str) -> str:
    """What is left to say, without the separators around it."""
    return re.sub(r"\s+", " ", _HTTPS.sub(" ", rest, count=2).replace("|", " ").replace("#", "")).strip(_FILLING)
