"""Strict emulators: HTTP services that answer as the real ones do. Imports nothing of the rest of portctl."""
