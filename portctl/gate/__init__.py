"""Change control inside a pipeline: read the evidence, decide, carry the decision out.

In: a call (which deployment, asked by whom) and a settings file. Out: requests to Port, GitLab and ServiceNow, and
files for the jobs that follow. Imports neither plan nor apply; `decide.py` is pure.
"""
