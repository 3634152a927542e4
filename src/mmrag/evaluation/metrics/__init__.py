"""The metrics of the field. Each function's docstring names its source; each is checked in the tests against a published
worked example or a second implementation.

Nothing here imports the values or the verifier of mmrag: a system is not measured with its own notion of equality.
"""
