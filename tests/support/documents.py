"""The command blocks of the documents, so that what is tested is what people copy.

A block is named after its language: three backticks, `sh pipx`, the commands.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its name ("" where it has none), its text, and where it begins."""

    language: str
    name: str
    text: str
    document: str
    line: int

    def run(self, cwd: Path, environ: Mapping[str, str], *, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """The commands, run as a shell would run them when pasted, stopping at the first that fails."""
        assert self.language == "sh", f"{self.document}:{self.line}: {self.language!r} is not run"
        return subprocess.run(
            ["sh", "-euc", self.text],
            cwd=cwd,
            env={**os.environ, **environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )


def blocks(document: str) -> list[Block]:
    """Every fenced block of a document, which is named relative to the repository."""
    tokens = MarkdownIt().parse((ROOT / document).read_text(encoding="utf-8"))
    found = []
    for token in tokens:
        if token.type == "fence":
            language, _, name = token.info.strip().partition(" ")
            found.append(Block(language, name.strip(), token.content, document, (token.map or [0])[0] + 1))
    return found


def block(document: str, name: str) -> Block:
    """The one block of that name."""
    (found,) = [one for one in blocks(document) if one.name == name]
    return found
