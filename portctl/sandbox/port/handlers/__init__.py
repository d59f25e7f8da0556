"""One module per subject: from a request to calls of the stores, and back to an answer."""
