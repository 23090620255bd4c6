"""Manifests as a whole: what a path holds or a directory builds to, what it lets through, and where that stands.

The one place where Kustomize and git are started. Imports everything below; never `review`, `editing` or a command.
"""
