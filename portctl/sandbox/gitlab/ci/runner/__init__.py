"""What runs jobs: one at a time per call, from a fresh checkout to the files they leave behind."""
