"""The Port emulator: routes, handlers (HTTP in and out), stores (state and rules), schemas of bodies."""
