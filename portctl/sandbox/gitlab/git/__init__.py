"""Bare Git repositories on disk, driven by the git command."""
