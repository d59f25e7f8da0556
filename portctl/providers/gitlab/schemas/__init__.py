"""JSON Schemas of the kinds of GitLab."""
