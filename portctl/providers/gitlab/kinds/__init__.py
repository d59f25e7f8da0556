"""The kinds of GitLab, one per file."""
