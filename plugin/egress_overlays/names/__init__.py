"""Names on a list: how one is written, what it stands for, and why a line is refused.

Knows text alone. Imports no other package of ours. What a refused name is refused for is worked out in `refusals`,
loaded when the first one is met.
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
