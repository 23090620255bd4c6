"""MkDocs hooks: README is the first page, and what documents link to in the repository is part of the site.

A link of a page to a file outside of docs/ leads to a copy of it under `repository/`; one to nothing fails the build.
Each version has a directory of its own in the site, and those that are there stay: the theme's menu of versions reads
versions.json beside them, as mike would write it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from mkdocs.structure.files import File, Files

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")
_COPIES = "repository"
# Behind the language of a block stands what a test calls it.
_BLOCK = re.compile(r"^(\s*```\w+) [^`\n]*$", re.MULTILINE)


_VERSION = ROOT / "plugin/egress_overlays/version.py"
_REDIRECT = '<!doctype html><meta http-equiv="refresh" content="0; url={0}/"><a href="{0}/">{0}</a>\n'


def version() -> str:
    """The version that the documents are of."""
    return _VERSION.read_text(encoding="utf-8").partition('VERSION = "')[2].partition('"')[0]


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Build into the directory of this version."""
    config.site_dir = str(Path(config.site_dir) / version())
    return config


def on_post_build(*, config: MkDocsConfig) -> None:
    """List the versions that the site has, the newest first, and lead from its root to the newest."""
    top = Path(config.site_dir).parent
    found = [path.parent.name for path in top.glob("*/index.html") if re.fullmatch(r"\d+(\.\d+)+", path.parent.name)]
    names = sorted(found, key=lambda name: tuple(map(int, name.split("."))), reverse=True)
    listed = [{"version": name, "title": name, "aliases": []} for name in names]
    (top / "versions.json").write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")
    (top / "index.html").write_text(_REDIRECT.format(names[0]), encoding="utf-8")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add README as index.md, and every file of the repository that a page links to."""
    files.append(File.generated(config, "index.md", content=(ROOT / "README.md").read_text(encoding="utf-8")))
    pending = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    seen = set()
    while pending:
        page = pending.pop()
        for link in _LINK.findall(page.read_text(encoding="utf-8")):
            target = (page.parent / link).resolve()
            if target in seen or not target.is_file() or target.is_relative_to(ROOT / "docs"):
                continue
            seen.add(target)
            path = target.relative_to(ROOT)
            shown = f"{_COPIES}/{_shown(path)}"
            files.append(File.generated(config, shown, content=target.read_text(encoding="utf-8")))
            if target.suffix == ".md":
                pending.append(target)
    return files


def _shown(path: Path) -> str:
    """As what a browser gets a file: pages as they are, all else as text; a script it would offer to save."""
    return str(path) if path.suffix in (".md", ".html") else f"{path}.txt"


def on_page_markdown(markdown: str, *, page: Page, **_: object) -> str:
    """Lead links to where the site has what they mean."""
    source = PurePosixPath(page.file.src_uri)
    if source.name == "index.md" and source.parent == PurePosixPath():
        here = ROOT
    elif source.parts[0] == _COPIES:
        here = ROOT / PurePosixPath(*source.parts[1:]).parent
    else:
        here = ROOT / "docs" / source.parent
    ups = "../" * (len(source.parts) - 1)

    def place(link: re.Match[str]) -> str:
        target = (here / link[1]).resolve()
        if not target.exists():
            return link[1]  # MkDocs says that it leads nowhere.
        path = target.relative_to(ROOT)
        if target.is_dir():
            return f"{ups}{_COPIES}/{path}/README.md" if (target / "README.md").is_file() else f"{ups}index.md"
        if path.parts[0] == "docs":
            return ups + str(path.relative_to("docs"))
        return ups + ("index.md" if path == Path("README.md") else f"{_COPIES}/{_shown(path)}")

    return _BLOCK.sub(r"\1", _LINK.sub(place, markdown))
