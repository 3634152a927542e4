"""Reading a chart back as a table: which number stands for which category and which series.

Only printed numbers are read: a value has a box on the page, like any other word. Where a chart prints none, there is none.
"""
