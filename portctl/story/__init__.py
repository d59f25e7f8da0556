"""The deployment story, played as people would: through the HTTP APIs of a running sandbox."""
