"""Lists longer than one object may hold, in several, with stable names and little churn.

A name belongs to the shard whose prefix begins the name's hash, written in binary; a shard that
would pass the limit is split in two by the next bit. The half with a 0 keeps the shard's key, and
where that half is empty, the other one does: so a shard that must be split changes, and one is
added, however many bits the hashes share. A name alone in a half that was empty takes the key over,
and the other half gets one of its own: two again. Everything else stays as it was. No state is
needed: the shards follow from the list alone.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def split(hosts: Sequence[str], limit: int) -> dict[str, list[str]]:
    """`hosts` by shard key, each at most `limit` long, in the order given; the key "" is always there.

    Every other key is the prefix at which its shard was split off, binary digits that end in 1.
    """
    if len(hosts) <= limit:
        return {"": list(hosts)}
    from bisect import bisect_left
    from hashlib import sha256

    # In the order of their hashes, every shard is one stretch of the list.
    ordered = sorted((sha256(host.encode()).digest(), position) for position, host in enumerate(hosts))
    shards: dict[str, list[str]] = {}
    pending = [("", "", 0, len(ordered))]
    while pending:
        key, prefix, start, end = pending.pop()
        if end - start > limit:
            first_with_1 = int(f"{prefix}1".ljust(256, "0"), 2).to_bytes(32)
            middle = bisect_left(ordered, (first_with_1,), start, end)
            # No object may be without names, and names whose hashes begin alike are found by whoever looks.
            if end > middle:
                pending.append((prefix + "1" if middle > start else key, prefix + "1", middle, end))
            if middle > start:
                pending.append((key, prefix + "0", start, middle))
        else:
            positions = sorted(position for _, position in ordered[start:end])
            shards[key] = [hosts[position] for position in positions]
    return shards
