"""Print a page of the documents that come with the command, in Markdown; without a name, what there is.

A link to another page is the command that prints it; what does not come with the command is named without a link.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..editing.shipped import shipped
from ..manifest.nearness import did_you_mean
from .console import Failure

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from pathlib import Path

    from .console import Console

EXAMPLE = "egress-overlays docs gitops"
_LINK = re.compile(r"!?\[([^\]]+)\]\((?![a-z]+:)([^)#\s]*)(?:#[^)\s]*)?\)")


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("page", nargs="?", metavar="PAGE", help="the page's name, as in the list (default: the list)")


def run(arguments: Namespace, console: Console) -> int:
    """Print the page, or the list; 0."""
    top = shipped() / "docs"
    found = sorted([*top.glob("*.md"), *top.glob("import/*.md")])
    pages = {file.relative_to(top).with_suffix("").as_posix(): file for file in found}
    readmes = sorted((shipped() / "components").glob("*/README.md"))
    pages |= {f"components/{file.parent.name}": file for file in readmes}
    if arguments.page is None:
        width = max(map(len, pages))
        for name, file in pages.items():
            title = file.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
            console.write(f"{name:{width}}  {title}\n")
        return 0
    name = arguments.page.removeprefix("docs/").removesuffix(".md").removesuffix("/README")
    if name not in pages:
        raise Failure(f'no page "{arguments.page}"{did_you_mean(name, pages)}; `egress-overlays docs` lists all')
    console.write(_without_dead_links(pages[name], {file.resolve(): page for page, file in pages.items()}))
    return 0


def _without_dead_links(file: Path, names: dict[Path, str]) -> str:
    """The text of a page, its links to others as the command that prints them."""

    def place(link: re.Match[str]) -> str:
        target = (file.parent / link[2]).resolve()
        if target.is_dir():
            target /= "README.md"
        name = names.get(target, "") if link[2] else ""
        return f"{link[1]} (`egress-overlays docs {name}`)" if name else link[1]

    return _LINK.sub(place, file.read_text(encoding="utf-8"))
