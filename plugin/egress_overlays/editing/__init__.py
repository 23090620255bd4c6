"""Changes to files of a tree: lists, overlays, and what `init` and `install` lay down.

Imports `rendered` and what is below it; never `review`.
"""
