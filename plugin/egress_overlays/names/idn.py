"""Internationalised names to A-labels; loaded when the first one is met.

Source: UTS 46 (non-transitional processing), RFC 5891; done by the `idna` package.
"""

from __future__ import annotations

import idna

from .characters import invisible


class Unencodable(ValueError):  # noqa: N818 - named after its concept
    """A name without A-labels: `reason`, and what could stand there; `name` is as far as it was mapped.

    Where it is not `is_about_letters`, something that is no matter of scripts makes `name` no host name.
    """

    def __init__(self, reason: str, accepted: str, name: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.accepted = accepted
        self.name = name

    @property
    def is_about_letters(self) -> bool:
        """Whether `reason` is all there is to say."""
        return not self.name


def to_alabels(text: str) -> str:
    """`text`, which holds a non-ASCII character, in lower case with every label as an A-label.

    A leading `*.` or `.` stays. Raises Unencodable where UTS 46 refuses it.
    """
    if invisible(text):
        raise Unencodable("holds an invisible character", "", text)
    try:
        mapped = idna.uts46_remap(text, std3_rules=False, transitional=False)
    except idna.IDNAError as fault:
        raise _refused(fault) from None
    if mapped.count("*") != text.count("*"):
        raise Unencodable("has a wildcard in disguise (UTS 46 maps it to *)", "type an ASCII *")
    prefix = "*." if mapped.startswith("*.") else "." if mapped.startswith(".") else ""
    body = mapped[len(prefix) :].removesuffix(".")
    if body.isascii():
        return mapped.lower()
    try:
        return prefix + idna.encode(body, uts46=True, std3_rules=True).decode("ascii").lower()
    except idna.IDNAError as fault:
        raise _refused(fault, prefix + body if _is_plainly_wrong(body) else "") from None


def _refused(fault: idna.IDNAError, name: str = "") -> Unencodable:
    reason = f"is no valid internationalised name ({ascii(str(fault))[1:-1]})"
    return Unencodable(reason, 'write its A-label, "xn--..."', name)


def _is_plainly_wrong(body: str) -> bool:
    """Whether something other than the script of its letters makes `body` no host name."""
    return any(char.isascii() and not (char.isalnum() or char in "-.") for char in body)


def is_valid_alabels(name: str) -> bool:
    """Whether every `xn--` label of the lower-case name `name` decodes, and encodes to itself again."""
    labels = (label for label in name.split(".") if label.startswith("xn--"))
    try:
        return all(idna.alabel(idna.ulabel(label)).decode() == label for label in labels)
    except idna.IDNAError:
        return False


def to_unicode(name: str) -> str:
    """`name` as a person would read it, its A-labels decoded."""
    return ".".join(idna.ulabel(label) if label.startswith("xn--") else label for label in name.split("."))


def mixed_scripts(name: str) -> tuple[str, ...]:
    """The scripts of a label of `name` that mixes Latin with a look-alike script, else nothing.

    A coarse form of UTS 39's restriction levels: Latin beside Cyrillic, Greek or Armenian letters
    is how look-alikes are made, while Latin beside Han or kana is ordinary.
    """
    import unicodedata

    for label in to_unicode(name).split("."):
        scripts = {unicodedata.name(char, "").partition(" ")[0] for char in label if char.isalpha()}
        if "LATIN" in scripts and scripts & {"CYRILLIC", "GREEK", "ARMENIAN"}:
            return tuple(sorted(scripts))
    return ()
