"""What every emulated service shares: HTTP seam, clock, identifiers, journal, faults, limits, state and switches."""
