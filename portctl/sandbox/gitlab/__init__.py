"""The GitLab emulator: REST API v4 and Git over HTTP, over real bare repositories."""
