"""Print a page of the documents that come with the command, in Markdown; without a name, what there is.

A link to ../../docs/NAME.md in a README of components/ means the page NAME.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..editing.shipped import shipped
from ..manifest.nearness import did_you_mean
from .console import Failure

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from .console import Console

EXAMPLE = "egress-overlays docs gitops"


def configure(parser: ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("page", nargs="?", metavar="PAGE", help="the page's name, as in the list (default: the list)")


def run(arguments: Namespace, console: Console) -> int:
    """Print the page, or the list; 0."""
    top = shipped() / "docs"
    found = sorted([*top.glob("*.md"), *top.glob("import/*.md")])
    pages = {file.relative_to(top).with_suffix("").as_posix(): file for file in found}
    if arguments.page is None:
        width = max(map(len, pages))
        for name, file in pages.items():
            title = file.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
            console.write(f"{name:{width}}  {title}\n")
        return 0
    name = arguments.page.removeprefix("docs/").removesuffix(".md")
    if name not in pages:
        raise Failure(f'no page "{arguments.page}"{did_you_mean(name, pages)}; `egress-overlays docs` lists all')
    console.write(pages[name].read_text(encoding="utf-8"))
    return 0
