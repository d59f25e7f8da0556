"""Port (port.io): its API flow, its kinds, the schemas and rules of its bodies."""
