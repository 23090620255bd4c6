"""Write plugin/egress_overlays/names/public_suffix_table.py from the installed `publicsuffixlist` package.

Run by `make tables` after raising that package; a test fails when the two differ.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from textwrap import fill

TARGET = Path(__file__).parent.parent / "plugin/egress_overlays/names/public_suffix_table.py"
HEADER = '''"""The rules of the public suffix list by top-level domain; written by tools/public_suffix_table.py.

One a line, A-labels, without the top-level domain. By that, because a set of all rules takes longer to
build than most runs of the function take.

Taken from https://publicsuffix.org/list/, which is subject to the Mozilla Public License 2.0
(https://mozilla.org/MPL/2.0/); so is this file.
{stamp}, package publicsuffixlist {package}.
"""

# fmt: off
'''


def rules(text: str, section: str) -> list[str]:
    """The rules of one section ("ICANN" or "PRIVATE") of the list's text, sorted."""
    _, _, rest = text.partition(f"===BEGIN {section} DOMAINS===")
    body, _, _ = rest.partition(f"===END {section} DOMAINS===")
    lines = (line.strip() for line in body.splitlines())
    return sorted(_a_labels(line) for line in lines if line and not line.startswith("//"))


def _a_labels(rule: str) -> str:
    return ".".join(
        label if label.isascii() else "xn--" + label.encode("punycode").decode() for label in rule.split(".")
    )


def by_top_level(found: list[str]) -> str:
    """The text of a dictionary from top-level domains to the rules below them."""
    below: dict[str, list[str]] = {}
    for rule in found:
        head, dot, top = rule.rpartition(".")
        if dot:
            below.setdefault(top, []).append(head)
    entries = (f'    "{top}": """\n' + "\n".join(heads) + '\n""",\n' for top, heads in sorted(below.items()))
    return "{\n" + "".join(entries) + "}\n"


def table() -> str:
    """The module's text."""
    text = files("publicsuffixlist").joinpath("public_suffix_list.dat").read_text(encoding="utf-8")
    stamp = next(line for line in text.splitlines() if "VERSION:" in line).removeprefix("// ")
    parts = [HEADER.format(stamp=stamp, package=version("publicsuffixlist"))]
    parts += [f"{section} = {by_top_level(rules(text, section))}" for section in ("ICANN", "PRIVATE")]
    top = sorted({rule.rpartition(".")[2] for rule in rules(text, "ICANN")})
    parts.append(f'TOP_LEVEL = """\n{fill(" ".join(top), 116, break_on_hyphens=False)}\n"""\n')
    return "".join(parts)


if __name__ == "__main__":
    TARGET.write_text(table(), encoding="utf-8")
    print(f"wrote {TARGET}", file=sys.stderr)
