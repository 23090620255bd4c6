"""Words that look like one of ours, or one that is there, and are none; loaded when one is in doubt."""

from __future__ import annotations

from .resource import ANNOTATIONS, CLIENTS_ANNOTATION, DEFAULTS, LABELS, PREFIX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_OURS = PREFIX.rstrip("/")
_KEYS = (*LABELS, *ANNOTATIONS, CLIENTS_ANNOTATION, *(PREFIX + one for one in DEFAULTS))
_NAMES = [key.removeprefix(PREFIX) for key in _KEYS]
_BARE = [name for name in _NAMES if name not in DEFAULTS]
"""Names that nobody else gives to an annotation without a prefix: owner and ticket are other tools' words as well."""
_US = "egressoverlay"
_SHORT = 5  # letters of a word of which too many others are one letter away
_ALIKE = 0.7  # of the letters of two words, in their order, where one may be meant for the other


def is_near(one: str, other: str) -> bool:
    """Whether two words differ by case alone, or by one letter: added, left out, changed or swapped with the next."""
    one, other = sorted((one.casefold(), other.casefold()), key=len)
    if one == other:
        return True
    at = next((place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), len(one))
    if len(one) < len(other):
        return one[at:] == other[at + 1 :]
    swapped = one[:at] + one[at : at + 2][::-1] + one[at + 2 :]
    return len(one) == len(other) and (one[at + 1 :] == other[at + 1 :] or swapped == other)


def nearest(word: str, known: Iterable[str]) -> str:
    """The one of `known` that `word` is near to; empty where it is near to none."""
    return next((one for one in known if is_near(word, one)), "")


def wanted(word: str, known: Iterable[str]) -> str:
    """The end of a message that refuses `word`: the one of `known` that it is near to, or all of them."""
    near = nearest(word, known)
    return f"did you mean {near}?" if near else f"write one of {', '.join(known)}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a message that refuses `word`: the one of `known` that looks most like it; empty where none does."""
    from difflib import get_close_matches

    close = get_close_matches(word, sorted(filter(str.isprintable, known)), 1, _ALIKE)
    return f'; did you mean "{close[0]}"?' if close else ""


def meant(key: str, *, takes_part: bool = False, bare: bool = False) -> str:
    """The key of ours that `key` was meant to be; empty where it is one of ours, or somebody else's.

    The prefix alone where nothing tells the name. Everywhere a key counts that is one letter off, a prefix that is,
    and one that names us before a name of ours. Where the resource `takes_part`, so does every prefix that names us;
    where it may be `bare`, a name of ours without a prefix, or behind half of it.
    """
    prefix, slash, name = key.rpartition("/")
    if key in _KEYS or (prefix == _OURS and not nearest(name, _NAMES)):
        return ""
    found = nearest(key, _KEYS) or _joined(key)
    if found:
        return found
    named = nearest(name, _NAMES)
    if not slash:
        named = next((one for one in _BARE if one == name.casefold() or (len(one) > _SHORT and one == named)), "")
        return PREFIX + named if bare and named else ""
    letters = _letters(prefix)
    if is_near(prefix, _OURS) or (takes_part and _US in letters):
        return PREFIX + (named or name)
    halves = bare and named in _BARE and ("egress" in letters or "overlay" in letters)
    return PREFIX + named if named and (halves or _US in letters) else ""


def _joined(key: str) -> str:
    """What a `key` says that has our prefix and one of our names without the slash, or in the other order."""
    letters = _letters(key)
    ours = _letters(_OURS)
    for name in _NAMES:
        if letters in (ours + _letters(name), _letters(name) + ours):
            return PREFIX + name
    return PREFIX if is_near(letters, ours) else ""


def _letters(text: str) -> str:
    return "".join(filter(str.isalpha, text.casefold()))
