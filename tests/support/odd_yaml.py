"""Documents for the fuzz of readers: the project's own manifests, mutated with what YAML's readers differ in."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from random import Random

import yaml

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ("base", "components", "overlays", "deploy", "plugin", "tests/golden/cases")
LONGEST = 6_000  # characters; longer documents hold nothing that shorter ones do not
OWN = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  a: |\n    b.example\n    # c\n  d: 'e'\n",
    "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: x, namespace: z}\nspec: {a: [b, {c: d}]}\n",
    'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: "x"}\n  spec:\n    a: 1\n',
    "apiVersion: networking.istio.io/v1\nkind: EnvoyFilter\nmetadata:\n  name: x\nspec:\n  port: 443\n  open: true\n",
)
SCALARS = (
    *("yes", "No", "on", "OFF", "y", "N", "true", "True", "FALSE", "null", "~", "Null", "", "=", "<<"),
    *("1.1", "1.2", "1.0", "1.", ".5", "-.5", "+1", "-0", "0", "00", "020373", "08", "0o17", "0x1F", "-0x1f", "0b11"),
    *("1_000", "1e3", "1E3", "1e+3", "1.5e-3", ".inf", "-.INF", ".nan", "1:30", "190:20:30", "2001-01-01", "1__0"),
    *("2001-12-14T21:59:43.10-05:00", "9223372036854775807", "9223372036854775808", "18446744073709551616", "1e400"),
    *("123456789012345678901234567890", "0.1", "100000000000000000000.0", "1e-7", "0xFFFFFFFFFFFFFFFF", "0_7", "+0x1"),
    *("'a''b'", '"a\\tb"', '"\\x41"', '"\\u263a"', '"\\ud83d\\ude00"', '"\\/"', '"\\0"', '"\\e"', '"\\ \\_\\N\\L"'),
    *('"a\\\n  b"', '"a\n\n  b"', "'a\n  b'", "a\n  b", "a #b", "a#b", "a: b", "a :b", "- a", "?a", "? a", "-a", "--"),
    *("!x y", "!!str 1", "!!int '1'", "!!binary aGk=", "!!float 1", "!!set {a}", "! 1", "!<tag:yaml.org,2002:str> 1"),
    *("&a b", "*a", "&a [b]", "[*a]", "{<<: *a}", "{<<: {name: z}}", "&a &b c", "!!map {a: b}", "!!null x", "%a"),
    *("[a, b]", "[a, b,]", "[a b]", "[a,\nb]", "{a: b}", "{a}", "{a: b,}", "[a: b]", "{? a : b}", "[]", "{}", "{a:b}"),
    *('{"a":b}', '{"a": [1,2]}', "[,]", "{,}", "[a, , b]", "[- a]", "{a: *a}", "['a','b']", "[a]]", "{x: 1, x: 2}"),
    *("|\n    a", ">\n    a\n    b", "|-\n    a\n", "|+\n    a\n\n", "|2\n      a", ">-\n    a\n\n      b\n    c"),
    *(
        "|\n    a\n   b",
        "|\n\ta",
        "|1\n a",
        "|0\n    a",
        "| # c\n    a",
        "|#c\n    a",
        "|-2\n    a",
        "|\n    ---\n    a",
    ),
    *(
        "|\n---\n",
        "\n    - a\n    - b",
        "\n  - a\n  - b",
        "\n    a: b",
        "\n\ta: b",
        "\ta",
        "a\t",
        "a\tb",
        "a\t# b",
        "`a`",
    ),
    *(
        "@a",
        "%a",
        ",a",
        "]a",
        "}a",
        "#a",
        "|a",
        ">a",
        "'a",
        '"a',
        "a'",
        'a"',
        "a\\",
        "\\a",
        "!",
        "&",
        "*",
        "-",
        "?",
        ":",
    ),
)
CHARS = (
    *("\ufeff", "\x85", "\u2028", "\u2029", "\xa0", "\u200b", "\t", "\r", "\r\n", "\n", "\x00", "\x07", "\x1b", "\x7f"),
    *("\U0001f600", "\ufffe", "\uffff", "\u3000", "\x0b", "\x0c", "\x80", "\xad", " ", "  ", "'", '"', "#", " #", ":"),
    *(
        ": ",
        "- ",
        "? ",
        "&a ",
        "*a",
        "!",
        "!x ",
        "|",
        ">",
        "%",
        "@",
        "`",
        "{",
        "}",
        "[",
        "]",
        ",",
        "\\",
        "<<: ",
        "0",
        "_",
    ),
)
LINES = (
    *("---", "--- ", "---\t", "--- # c", "---#c", "--- a", "--- |", "--- {}", "--- !!map", "...", "... # c", "... a"),
    *("%YAML 1.1", "%YAML 1.2", "%YAML 1.3", "%TAG ! x", "%x", " ---", "----", "--", "# c", "#", "\t# c", "\t", "   "),
    *("a: b", "'a': b", '"a": b', "? a\n: b", "? a", ": b", "a : b", "a:", "a:b", "- a", "-", "- - a", "-\ta", "a:\tb"),
    *(
        "<<: {a: b}",
        "<<: *a",
        "&a a: b",
        "*a : b",
        "!!str a: b",
        "1: b",
        "1.0: b",
        "yes: b",
        "null: b",
        "~: b",
        "[a]: b",
    ),
    *("{a: b}: c", "'': b", ": c", "0x1: b", "kind: Secret", "apiVersion: v2", "metadata: {}", "spec: {}", "items: []"),
    *(
        "items: [{apiVersion: v1, kind: Pod}]",
        "items:\n- apiVersion: v1\n  kind: Pod",
        "data: {a: b}",
        '"ki\\x6ed": Pod',
    ),
    *("kind : Pod", "Kind: Pod", "=: a", "a" * 1030 + ": b", "'" + "a" * 1030 + "': b", "? " + "a" * 1030 + "\n: b"),
    *("a: 'b' c", "a: [b] c", "a: b: c", "a: - b", "a: ? b", "a: *b c", "a: &b", "a: !", "a:\n- b", "a:\n-b", "a: |"),
    *(
        "{}",
        "[]",
        "a",
        "''",
        "null",
        "{a: b}",
        '{"apiVersion": "v1", "kind": "Pod"}',
        "[{a: b}]",
        "\ufeff",
        "\ufeffa: b",
    ),
)
SEPARATORS = (
    *("---\n", "--- \n", "---\t\n", "--- #c\n", "...\n", "...\n---\n", "---\n---\n", "\n---\n\n", "---\r\n", "\r---\r"),
    *(
        " ---\n",
        "----\n",
        "---x\n",
        "--- {}\n",
        "%YAML 1.1\n---\n",
        "\n",
        "\x85---\x85",
        "\u2028---\u2028",
        "\ufeff---\n",
    ),
    *("---\ufeff\n", "---\n\ufeff", "--- |\n", "--- &a\n", "\t---\n", "---\x0b\n", "---\xa0\n", "# c\n---\n# c\n"),
)


@cache
def corpus() -> tuple[str, ...]:
    """The documents to begin with, always in one order."""
    files = [path for part in CORPUS for path in sorted((ROOT / part).rglob("*.yaml")) if path.is_file()]
    texts = [text for path in files for text in path.read_text(encoding="utf-8").split("\n---\n")]
    return (*OWN, *(text for text in dict.fromkeys(texts) if "kind:" in text and len(text) < LONGEST))


def document(choice: Random) -> str:
    """A document of the corpus, or two, after one to four mutations."""
    text = _base(choice)
    for _ in range(choice.choice((1, 1, 1, 1, 2, 2, 3))):
        text = choice.choice(MUTATIONS)(text, choice)
    return text


def _base(choice: Random) -> str:
    return choice.choice(OWN) if choice.random() < 0.5 else choice.choice(corpus())


def _scalar(text: str, choice: Random) -> str:
    """Another scalar behind a colon or a dash."""
    lines = text.split("\n")
    places = [at for at, line in enumerate(lines) if ": " in line or "- " in line]
    if not places:
        return text + choice.choice(SCALARS)
    at = choice.choice(places)
    mark = ": " if ": " in lines[at] else "- "
    lines[at] = lines[at].partition(mark)[0] + mark + choice.choice(SCALARS)
    return "\n".join(lines)


def _in_flow(text: str, choice: Random) -> str:
    """An entry more in a flow collection."""
    places = [at for at, char in enumerate(text) if char in "[{,"]
    if not places:
        return _scalar(text, choice)
    at = choice.choice(places) + 1
    entry = choice.choice(SCALARS)
    return text[:at] + choice.choice((entry, f"z: {entry}", f"? {entry}", f"{entry}: z")) + "," + text[at:]


def _char(text: str, choice: Random) -> str:
    at = choice.randrange(len(text) + 1)
    return text[:at] + choice.choice(CHARS) + text[at:]


def _without(text: str, choice: Random) -> str:
    at = choice.randrange(len(text) + 1)
    return text[:at] + text[at + choice.choice((1, 1, 1, 2, 5)) :]


def _line(text: str, choice: Random) -> str:
    """A line more, as deep as one of its neighbours or by one level off."""
    lines = text.split("\n")
    at = choice.randrange(len(lines) + 1)
    near = lines[min(at, len(lines) - 1)]
    depth = max(0, len(near) - len(near.lstrip(" ")) + choice.choice((0, 0, 0, 2, -2, 1, -1)))
    new = choice.choice(LINES)
    new = new if new[:1] in "-.%" and choice.random() < 0.7 else "\n".join(" " * depth + one for one in new.split("\n"))
    return "\n".join([*lines[:at], new, *lines[at:]])


def _repeated(text: str, choice: Random) -> str:
    lines = text.split("\n")
    at = choice.randrange(len(lines))
    to = choice.choice((at, choice.randrange(len(lines))))
    lines.insert(to, lines[at])
    return "\n".join(lines)


def _moved(text: str, choice: Random) -> str:
    lines = text.split("\n")
    at = choice.randrange(len(lines))
    lines[at] = choice.choice((" ", "  ", "\t", "")) + lines[at].removeprefix(choice.choice(("", " ", "  ")))
    return "\n".join(lines)


def _two(text: str, choice: Random) -> str:
    return text + choice.choice(("", "", "\n")) + choice.choice(SEPARATORS) + _base(choice)


def _before(text: str, choice: Random) -> str:
    return choice.choice((*SEPARATORS, *(line + "\n" for line in LINES))) + text


def _line_ends(text: str, choice: Random) -> str:
    return text.replace("\n", choice.choice(("\r\n", "\r", "\r\n")), choice.choice((-1, 1, 3)))


def _as_json(text: str, choice: Random) -> str:
    """The same as JSON, with what JSON and YAML differ in."""
    try:
        value = yaml.load(text, yaml.CSafeLoader)
        written = json.dumps(value, indent=choice.choice((None, 1)), ensure_ascii=choice.random() < 0.5)
    except (ValueError, TypeError, yaml.YAMLError):
        return text
    return written + choice.choice(("", "\n", "\n" + written, written, "\n---\n", " #c", ",")) + "\n"


def _as_list(text: str, choice: Random) -> str:
    """The same in a list, of its own kind or of any, or below another object."""
    kind = choice.choice(("List", "List", "PodList", "ConfigMapList", "Pod", "EnvoyFilter", "ResourceList", "list"))
    items = "\n".join("  " + line for line in text.split("\n"))
    return f"apiVersion: v1\nkind: {kind}\nitems:\n- {items[2:]}\n"


MUTATIONS = (
    *(_scalar, _scalar, _scalar, _in_flow, _char, _char, _without, _line, _line, _line, _repeated, _moved),
    *(_two, _before, _line_ends, _as_json, _as_list),
)
