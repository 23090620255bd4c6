"""The diagrams of docs/diagrams, SVG from text by D2: `make diagrams`.

The first comment of a text is the title; those behind it say in words what the picture shows. Both go into the SVG,
where a screen reader finds them, and pages repeat the words as the picture's alternative. A comment in the SVG says of
which text it was made, by which D2.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from html import escape
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
DIRECTORY = ROOT / "docs/diagrams"
sys.path[:0] = [str(ROOT / "tools")]

from fetch.component import VERSIONS  # noqa: E402 - the line above makes it importable


class Diagram(NamedTuple):
    """What a text says of itself."""

    title: str
    words: str
    mark: str


def read(source: Path) -> Diagram:
    """The title, the words and the mark of which text by which D2."""
    text = source.read_text(encoding="utf-8")
    comments = []
    for line in text.splitlines():
        if not line.startswith("# "):
            break
        comments.append(line.removeprefix("# ").strip())
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Diagram(comments[0], " ".join(comments[1:]), f"{source.name} {digest} D2 {VERSIONS['D2_VERSION']}")


def drawn(source: Path) -> str:
    """The SVG."""
    options = ["--layout=elk", "--pad=16", "--dark-theme=200", "--no-xml-tag", f"--salt={source.stem}"]
    command = ["d2", *options, "--stdout-format=svg", source.name, "-"]
    done = subprocess.run(command, cwd=source.parent, capture_output=True, text=True, check=True)
    about = read(source)
    head, _, rest = done.stdout.partition(">")
    told = f"<title>{escape(about.title)}</title><desc>{escape(about.words)}</desc>"
    return f'{head} role="img"><!-- {about.mark} -->{told}{rest}'.rstrip() + "\n"


def main() -> int:
    """Write an SVG beside each text."""
    for source in sorted(DIRECTORY.glob("*.d2")):
        target = source.with_suffix(".svg")
        target.write_text(drawn(source), encoding="utf-8")
        sys.stderr.write(f"{target.relative_to(ROOT)} written\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
