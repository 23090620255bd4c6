"""Names that may stand on a list and are doubtful: shared wildcards, look-alikes, some ports; loaded for those."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..names.domain import Domain


def of(domain: Domain) -> Iterator[tuple[str, str]]:
    """What is doubtful about a name, and the rule that says so."""
    if ":" in domain:
        from ..names.ports import DOUBTFUL

        if domain.port in DOUBTFUL:
            yield f"has a port that {DOUBTFUL[domain.port]}", "port"
        domain = domain.name
    if domain.is_wildcard:
        from ..names.public_suffix import is_private_suffix, shared_below

        shared = domain.base if is_private_suffix(domain.base) else shared_below(domain.base)
        if shared:
            yield f'opens names that any customer of "{shared}" may register; name the ones you use', "shared-suffix"
    if "xn--" in domain:
        from ..names.idn import mixed_scripts

        scripts = mixed_scripts(domain.base)
        if scripts:
            said = f"mixes {' and '.join(scripts)} letters in one label, as look-alikes do; check it letter by letter"
            yield said, "look-alike"
