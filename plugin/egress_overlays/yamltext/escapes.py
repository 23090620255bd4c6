"""Escapes of double-quoted scalars (YAML 1.2.2, 5.7); loaded when a text could spell a key of ours with them."""

from __future__ import annotations

import re


def unescaped(text: str) -> str:
    """`text` with the escapes of double-quoted scalars that stand for a character, or for no line end, carried out."""

    def char(found: re.Match[str]) -> str:
        code = int(found[1] or found[2] or found[3], 16)
        return chr(code) if code <= 0x10FFFF else ""

    text = re.sub(r"\\\n[ \t]*", "", text).replace("\\/", "/")
    return re.sub(r"\\x([0-9A-Fa-f]{2})|\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})", char, text)
