"""Values as text: pure functions that print nothing.

A plan and a report become a JSON document first (`json.py`); every other form is made from that document, so that
`plan`, `show` and `--json` can never disagree.
"""
