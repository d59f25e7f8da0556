"""The project file, environment files, values and settings of instances.

In: the project's folder and what the command line gives. Out: `Project`, `Environment`, `Values`, instances.
Reads files of the project; writes none, sends nothing, reveals no secret.
"""
