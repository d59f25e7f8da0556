"""GitLab CI: the pipeline file."""
