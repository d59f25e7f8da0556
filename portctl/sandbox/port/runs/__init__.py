"""Action runs: who may start them, with which inputs, how they go on and end. What they call: `delivery`."""
