"""Kubernetes objects as values: resources, their fields, what is found in them, edits to them.

Knows no kind in particular and no text of YAML. Imports no other package of ours.
"""
