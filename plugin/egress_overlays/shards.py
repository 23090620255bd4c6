"""Lists longer than one ServiceEntry may hold, in several, with stable names and little churn.

A name belongs to the shard whose key is a prefix of the name's hash, written in binary; a shard
that would pass the limit is split in two by the next bit. The half with a 0 keeps the shard's key,
so that a split changes one ServiceEntry and adds one, and everything else stays as it was. No
state is needed: the shards follow from the list alone.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

LIMIT = 256
"""Hosts in one ServiceEntry (maxItems of spec.hosts in Istio's CRD)."""


def split(hosts: Sequence[str], limit: int = LIMIT) -> dict[str, list[str]]:
    """`hosts` by shard key, each at most `limit` long, in the order given; the key "" is always there.

    Keys are binary digits that do not end in 0, so that a key outlives the split of its shard.
    """
    if len(hosts) <= limit:
        return {"": list(hosts)}
    from bisect import bisect_left
    from hashlib import sha256

    # Names whose hashes all begin with a 1 are found by whoever looks for them. No ServiceEntry may be
    # without hosts, so the key "" goes to the first shard that has any.
    # In the order of their hashes, every shard is one stretch of the list.
    ordered = sorted((sha256(host.encode()).digest(), position) for position, host in enumerate(hosts))
    shards: dict[str, list[str]] = {}
    pending = [("", 0, len(ordered))]
    while pending:
        prefix, start, end = pending.pop()
        if end - start > limit:
            first_with_1 = int(f"{prefix}1".ljust(256, "0"), 2).to_bytes(32)
            middle = bisect_left(ordered, (first_with_1,), start, end)
            pending += [(prefix + "0", start, middle), (prefix + "1", middle, end)]
        elif end > start:
            positions = sorted(position for _, position in ordered[start:end])
            shards[prefix] = [hosts[position] for position in positions]
    first, *others = sorted(shards)
    return {"": shards[first], **{prefix.rstrip("0"): shards[prefix] for prefix in others}}
