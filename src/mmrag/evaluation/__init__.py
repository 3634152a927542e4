"""Measured the way the field measures: data sets, metrics, a runner that can be stopped, reports and comparisons.

Nothing here answers a question: an :class:`~mmrag.evaluation.runner.Asker` does. What is measured is what it gives back.
"""
