"""Names as Hypothesis makes them up: good ones, bad ones, and ones that cover each other."""

from __future__ import annotations

from hypothesis import strategies as st

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,4}[a-z0-9])?", fullmatch=True)
LAST = st.from_regex(r"[a-z]{2,4}", fullmatch=True)
NAME = st.builds(lambda labels, last: ".".join([*labels, last]), st.lists(LABEL, min_size=1, max_size=4), LAST)
ENTRY = st.builds("{}{}".format, st.sampled_from(["", "*.", "."]), NAME)

# A handful of labels, so that names cover and repeat each other all the time.
FEW = st.sampled_from(["a", "b", "xn--bcher-kva"])
CLOSE = st.builds(lambda labels: ".".join([*labels, "example", "com"]), st.lists(FEW, max_size=4))
CLOSE_ENTRY = st.builds("{}{}".format, st.sampled_from(["", "*.", "."]), CLOSE)

LETTERS = st.sampled_from(
    "abcxyz\u00fc\u00df\u0131\u0430\u043f\u03c3\u03c2\u0e01\u05d0\u0627\u4e2d\u6587\u3042\uff41\u30fb"
)
UNICODE_LABELS = st.lists(st.text(LETTERS, min_size=1, max_size=5), min_size=1, max_size=3)
UNICODE_NAME = st.builds(lambda labels: ".".join([*labels, "example"]), UNICODE_LABELS)

# Text such as stands on a list by mistake: pieces of names and of what people paste around them.
PIECES = st.sampled_from(
    [
        *"ab01-_.*/:,;@#%?&=+~!'\"\\[](){}<>| \t",
        *("..", "--", "*.", "://", "xn--", "https://", "com", "co.uk", "example.com", "a" * 64, "0x1", "- ", "xn--0"),
        *("cluster.local", "svc", "localhost", "invalid", "10.0.0.1", "::1", "/24", ":443", "\u00a0", "\u200b"),
        *("\u202e", "\u00fc", "\u3002", "\uff0a", "\ufe0f", "\u2488", "\u2603", "\U0001f600", "\ud83d"),
    ]
)
MISTAKE = st.one_of(st.lists(PIECES, max_size=8).map("".join), st.text(max_size=20))
