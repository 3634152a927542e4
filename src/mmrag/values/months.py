"""Month names as they are printed: English, German, French, Spanish, Portuguese, Italian; short forms and OCR slips."""

from __future__ import annotations

from types import MappingProxyType

_NAMES: tuple[str, ...] = (
    "january jan januar janner jan janvier janv enero ene janeiro gennaio gen januari",
    "february feb februar feber fevrier fevr fev febrero fevereiro febbraio februari",
    "march mar marz maerz mrz mars marzo marco mac",
    "april apr avril avr abril abr aprile",
    "may mai mayo maio maggio mag mei",
    "june jun juni juin junio junho giugno giu",
    "july jul juli juillet juil julio julho luglio lug ju1",
    "august aug aout agosto ago ogos",
    "september sept sep septembre septiembre setiembre setembro set settembre sett",
    "october oct oktober okt octobre octubre outubro out ottobre ott 0ct",
    "november nov novembre noviembre novembro n0v",
    "december dec dezember dez decembre diciembre dic dezembro dicembre disember",
)
"""Without accents and in lower case, as ``fold`` leaves them."""

MONTHS = MappingProxyType({name: number for number, names in enumerate(_NAMES, start=1) for name in names.split()})
MONTH_PATTERN = "|".join(sorted(MONTHS, key=lambda name: (-len(name), name)))
"""Longest first, so that ``june`` is not read as ``jun`` with a letter left over."""
