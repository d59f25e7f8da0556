"""Bytes of YAML and JSON files in, values with the place of each out.

In: the bytes of one file. Out: `Document`s, or every syntax error with line and column.
Touches nothing: files are read by who calls.
"""
