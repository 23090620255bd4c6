"""Characters that hide what a text says: invisible ones, and those that turn its direction."""

from __future__ import annotations

import unicodedata

# Drawn as nothing though Unicode calls them letters, marks or symbols; UTS 46 drops most of them silently.
_BLANK = {
    *map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0)),
    *map(chr, (0x180B, 0x180C, 0x180D, 0x180F)),
    *map(chr, range(0xFE00, 0xFE10)),
    *map(chr, range(0xE0100, 0xE01F0)),
}
_TURNING = {*map(chr, (0x061C, 0x200E, 0x200F)), *map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}


def invisible(text: str) -> str | None:
    """The first character that no eye sees or that moves others about, named; None where there is none."""
    for char in text:
        if char == " ":
            continue
        category = unicodedata.category(char)
        if category in ("Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp") or char in _BLANK:
            return _named(char)
    return None


def disguising(comment: str) -> str | None:
    """The first character of `comment` that breaks a line or turns its direction, named; None where there is none.

    Joiners, selectors and spaces, as in emoji and in prose, hide nothing there.
    """
    for char in comment:
        if char != "\t" and (unicodedata.category(char) in ("Cc", "Zl", "Zp") or char in _TURNING):
            return _named(char)
    return None


def _named(char: str) -> str:
    return f"U+{ord(char):04X} {unicodedata.name(char, 'control character')}"
