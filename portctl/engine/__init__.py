"""The pure middle: normalise, compare, plan; and the executor that makes a plan true. Knows kinds, never a provider."""
