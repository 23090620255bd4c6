"""One entry of a list to its domains, or the reason why it is refused.

What a refused name is refused for is worked out in `refusals`, loaded when the first one is met.
"""

from __future__ import annotations

from .domain import Domain, read


def parse(text: str) -> tuple[Domain, ...]:
    """The domains that one entry of a list stands for, normalised.

    `name` and `*.name` give one domain, `.name` gives both. Raises InvalidDomain.
    """
    found = read(text)
    if found is None:
        from .refusals import explain

        raise explain(text)
    return found
