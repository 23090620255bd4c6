"""Names on a list: how one is written, what it stands for, and why a line is refused.

Knows text alone. Imports no other package of ours.
"""
