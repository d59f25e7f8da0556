"""What Port accepts as the `spec` of each kind: one function per kind, giving a JSON Schema 2020-12.

Two words go beyond JSON Schema, and `manifest.schema` knows both: `discriminator` picks one schema by the text that
stands at `propertyName`, so that an error names a field instead of listing alternatives; its `hints`
answer texts that are none of the known ones. `description` beside a `pattern` says in words what the pattern asks for.
"""
