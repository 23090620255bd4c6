"""One version, from one place: plugin/egress_overlays/__init__.py."""

from __future__ import annotations

import re
import zipfile
from email import message_from_bytes

from distribution import artifact, sdist, wheel
from documents import ROOT, blocks
from egress_overlays import __version__


def test_what_is_built_carries_it() -> None:
    with zipfile.ZipFile(wheel()) as archive:
        metadata = message_from_bytes(archive.read(f"egress_overlays-{__version__}.dist-info/METADATA"))
    assert metadata["Version"] == __version__
    assert wheel().name == f"egress_overlays-{__version__}-py3-none-any.whl"
    assert sdist().name == f"egress_overlays-{__version__}.tar.gz"
    assert artifact().name.startswith(f"egress-overlays-{__version__}-linux-")


def test_the_changelog_begins_with_it() -> None:
    first = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert first
    assert first[1] == __version__


def test_every_image_tag_of_deploy_and_docs_is_it() -> None:
    files = [path for path in (ROOT / "deploy").rglob("*") if path.is_file()]
    texts = {str(path.relative_to(ROOT)): path.read_text() for path in files}
    for document in (ROOT / "docs").glob("*.md"):
        name = f"docs/{document.name}"
        texts[name] = "\n".join(one.text for one in blocks(name))
    tags = {
        (name, tag)
        for name, text in texts.items()
        for tag in re.findall(
            r"egress-overlays(?:-argocd)?[:@=]v?(\d+\.\d+\.\d+\S*?)[\"'\s]|newTag: [\"']?(\d\S*?)[\"']?\s", text
        )
    }
    assert tags
    assert {(name, found) for name, pair in tags for found in pair if found and found != __version__} == set()
