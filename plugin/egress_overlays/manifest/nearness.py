"""Words that look like one of ours, or one that is there, and are none; loaded when one is in doubt."""

from __future__ import annotations

from .resource import ANNOTATIONS, CLIENTS_ANNOTATION, LABELS, PREFIX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_OURS = PREFIX.rstrip("/")
_KEYS = (*LABELS, *ANNOTATIONS, CLIENTS_ANNOTATION)
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


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a message that refuses `word`: the one of `known` that looks most like it; empty where none does."""
    from difflib import get_close_matches

    close = get_close_matches(word, sorted(filter(str.isprintable, known)), 1, _ALIKE)
    return f'; did you mean "{close[0]}"?' if close else ""


def meant(key: str, *, takes_part: bool = False, bare: bool = False) -> str:
    """The key of ours that `key` was meant to be; empty where it is one of ours, or somebody else's.

    Everywhere a prefix counts that is one letter off. Where the resource `takes_part`, so does every other that names
    us; where it may be `bare`, a name of ours without a prefix.
    """
    prefix, slash, name = key.rpartition("/")
    if key in _KEYS or (not slash and not bare):
        return ""
    ours = prefix == _OURS
    if slash:
        letters = "".join(filter(str.isalpha, prefix.casefold()))
        if not ours and not is_near(prefix, _OURS) and not (takes_part and "egressoverlay" in letters):
            return ""
    names = [one.removeprefix(PREFIX) for one in _KEYS]
    if not slash:
        found = next((one for one in names if one == name.casefold() or (len(one) > _SHORT and is_near(name, one))), "")
        return PREFIX + found if found else ""
    found = nearest(name, names)
    return "" if ours and not found else PREFIX + (found or name)
