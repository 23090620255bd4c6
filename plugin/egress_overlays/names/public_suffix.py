"""Where anyone may register a name: the public suffix list (https://publicsuffix.org/list/)."""

from __future__ import annotations

from .public_suffix_table import ICANN, PRIVATE, TOP_LEVEL

# Of the top-level domains that were asked for often: a set of all rules would cost more than most runs.
_rules: dict[str, frozenset[str]] = {}
_asked: dict[str, int] = {}
_FEW = 16  # searches of a text that cost as much as the set of its rules
_top_levels: frozenset[str] = frozenset()


def is_icann_suffix(base: str) -> bool:
    """Whether `base` is a public suffix of the ICANN section, or one label, which is one by the default rule.

    Names below `base` then belong to whoever registers them.
    """
    return "." not in base or _is_suffix(base, ICANN)


def is_private_suffix(base: str) -> bool:
    """Whether `base` belongs to one operator who hands out names below it to customers (`github.io`)."""
    return _is_suffix(base, PRIVATE)


def is_top_level(label: str) -> bool:
    """Whether `label` is a top-level domain of the ICANN section."""
    global _top_levels  # noqa: PLW0603 - built once, where it is asked for
    _top_levels = _top_levels or frozenset(TOP_LEVEL.split())
    return label in _top_levels


def registered(base: str) -> str:
    """The name that somebody registered of which `base` is a part: one label below an ICANN suffix."""
    labels = base.split(".")
    return next(
        (".".join(labels[at:]) for at in range(len(labels) - 1) if is_icann_suffix(".".join(labels[at + 1 :]))), base
    )


def shared_below(base: str) -> str:
    """A private suffix below `base`, the shortest; "" where there is none. A wildcard over `base` opens all of it."""
    head, _, top = base.rpartition(".")
    text = PRIVATE.get(top, "")
    if not head or f".{head}" not in text:  # of most names, and many rules end in `com`
        return ""
    below = [rule for rule in text.split() if rule.endswith("." + head)]
    return f"{min(below, key=lambda rule: (len(rule), rule)).removeprefix('*.')}.{top}" if below else ""


def _is_suffix(base: str, table: dict[str, str]) -> bool:
    """Whether the rule that prevails for `base` makes all of it the suffix.

    `*.ck` makes every name one label below `ck` a suffix, but for the exceptions, `!www.ck`.
    """
    head, _, top = base.rpartition(".")
    text = table.get(top, "")
    rules = _rules.get(text)
    if rules is None:
        _asked[text] = times = _asked.get(text, 0) + 1
        # Each rule that could prevail ends in the last label, unless it is the top-level domain's own.
        if times < _FEW and head.rpartition(".")[2] not in text and "\n*\n" not in text:
            return False
        rules = _rules[text] = frozenset(text.split())
    if "!" + head in rules:
        return False
    _, dot, above = head.partition(".")
    # `*.nom.br` without `nom.br`: the names below that are suffixes, and a wildcard over it covers them all.
    return head in rules or f"*{dot}{above}" in rules or f"*.{head}" in rules
