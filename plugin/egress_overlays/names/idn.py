"""Internationalised names to A-labels; loaded when the first one is met.

Source: UTS 46 (non-transitional processing), RFC 5891; done by the `idna` package.
"""

from __future__ import annotations

import unicodedata

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
        alabels = _punycode(body)
        raise _refused(
            fault, prefix + body if _is_plainly_wrong(body) else "", prefix + alabels if alabels else ""
        ) from None


def _refused(fault: idna.IDNAError, name: str = "", alabels: str = "") -> Unencodable:
    reason = f"is no valid internationalised name ({ascii(str(fault))[1:-1]})"
    return Unencodable(reason, f'write its A-label, "{alabels or "xn--..."}"', name)


def _punycode(body: str) -> str:
    """`body` with A-labels also for what UTS 46 takes and RFC 5891 does not, as emoji; empty where neither does."""
    labels = [label if label.isascii() else f"xn--{label.encode('punycode').decode()}" for label in body.split(".")]
    name = ".".join(labels)
    return name if is_valid_alabels(name) else ""


def _is_plainly_wrong(body: str) -> bool:
    """Whether something other than the script of its letters makes `body` no host name."""
    return any(char.isascii() and not (char.isalnum() or char in "-.") for char in body)


def is_valid_alabels(name: str) -> bool:
    """Whether every `xn--` label of the lower-case name `name` decodes, and encodes to itself again.

    What RFC 5891 refuses and UTS 46 takes, such as emoji, is registered and served below some domains.
    """
    return all(_is_valid_alabel(label) for label in name.split(".") if label.startswith("xn--"))


def _is_valid_alabel(label: str) -> bool:
    try:
        return idna.alabel(idna.ulabel(label)).decode() == label
    except idna.IDNAError:
        pass
    try:
        text = label.removeprefix("xn--").encode().decode("punycode")
        kept = idna.uts46_remap(text, std3_rules=True, transitional=False) == text
    except (UnicodeError, idna.IDNAError):
        return False
    symbols = all(char.isascii() or unicodedata.category(char) == "So" for char in text)
    return kept and symbols and not invisible(text) and f"xn--{text.encode('punycode').decode()}" == label


def to_unicode(name: str) -> str:
    """`name` as a person would read it, its A-labels decoded; those of symbols stay."""
    return ".".join(_unicode(label) if label.startswith("xn--") else label for label in name.split("."))


def _unicode(label: str) -> str:
    try:
        return idna.ulabel(label)
    except idna.IDNAError:
        return label


def mixed_scripts(name: str) -> tuple[str, ...]:
    """The scripts of a label of `name` that mixes Latin with a look-alike script, else nothing.

    A coarse form of UTS 39's restriction levels: Latin beside Cyrillic, Greek or Armenian letters
    is how look-alikes are made, while Latin beside Han or kana is ordinary.
    """
    for label in to_unicode(name).split("."):
        scripts = {unicodedata.name(char, "").partition(" ")[0] for char in label if char.isalpha()}
        if "LATIN" in scripts and scripts & {"CYRILLIC", "GREEK", "ARMENIAN"}:
            return tuple(sorted(scripts))
    return ()
