"""Names that somebody reads as another one: a person has to look at them before a list holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..names.idn import mixed_scripts, to_unicode

if TYPE_CHECKING:
    from collections.abc import Collection

# Letters that fonts draw as Latin ones (UTS 39, confusables), and what is read so in ASCII.
_READ_AS = str.maketrans("асеһіјӏорԛѕԝхуԁɡοαν", "acehijlopqswxydgoav")  # noqa: RUF001 - that is what they are
_SWAPS = (("rn", "m"), ("vv", "w"), ("0", "o"), ("1", "l"), ("5", "s"))


def imitates(name: str, domain: str, others: Collection[str]) -> str:
    """What `name`, below the registered `domain`, is to be taken for; "" where it looks like itself alone.

    `others` are the registered domains of all that was asked for.
    """
    scripts = mixed_scripts(name) if "xn--" in name else ()
    if scripts:
        return f"mixes {' and '.join(scripts)} letters in one label, as look-alikes do"
    shown = to_unicode(domain) if "xn--" in domain else domain
    drawn = shown.translate(_READ_AS)
    if not shown.isascii() and drawn.isascii():
        return f"looks like {drawn}, in letters of another script"
    read = _read(domain)
    if read != domain and read in others:
        return f"looks like {read}"
    held = next((one for one in _parts(name, domain) if one in others), "")
    return f"has {held} in it, and belongs to {domain}" if held else ""


def _read(domain: str) -> str:
    for written, meant in _SWAPS:
        domain = domain.replace(written, meant)
    return domain


def _parts(name: str, domain: str) -> list[str]:
    """What stands in front in `name`, two or three labels at a time; hyphens are dots to whoever reads on."""
    labels = name.replace("-", ".").split(".")
    runs = (labels[start : start + size] for size in (2, 3) for start in range(len(labels) - size))
    return [found for run in runs if (found := ".".join(run)) != domain]
