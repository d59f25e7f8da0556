"""Carrying runs out: what a run's backend is sent, and what its answer does to the run. Source: port.md 4.5, 5.6."""
