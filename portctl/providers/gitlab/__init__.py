"""GitLab: its REST API, version 4."""
