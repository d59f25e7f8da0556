"""GitLab's state and rules, free of HTTP."""
