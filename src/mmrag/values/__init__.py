"""Values in printed and OCR'd text: find dates, amounts, numbers and identifiers, and compare them by what they mean.

Everything an answer states is checked with this package against the words of the page, so it is kept small, pure and
linear in the length of the text. docs/adr/0007-value-verification.md says why it is written here.
"""

from mmrag.values.comparing import normals_of, same_value
from mmrag.values.dates import parse_date
from mmrag.values.finding import find_dates, find_values
from mmrag.values.numbers import parse_number

__all__ = ["find_dates", "find_values", "normals_of", "parse_date", "parse_number", "same_value"]
