"""The rules by which the gate decides, one table for each question. Pure."""
