"""Manifests: found, read, rendered and checked.

In: a project, its values, the catalogue of kinds. Out: `Manifest`s, then `Resource`s, and every finding with its place.
Reads files of the project; writes none, sends nothing.
"""
