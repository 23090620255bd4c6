"""Answers about rendered manifests: what differs, what is wrong, how environments compare.

Knows no command, format or terminal. Imports `rendered` and what is below it.
"""
