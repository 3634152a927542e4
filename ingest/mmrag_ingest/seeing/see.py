"""Reading a page's picture: as displayed first, then by other views where a measure says that they may be read better."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from mmrag_ingest.engines.lines import OcrEngine, OcrLine
from mmrag_ingest.seeing.agreeing import agreed
from mmrag_ingest.seeing.effort import Effort
from mmrag_ingest.seeing.judging import letter_height, letters, quality, slant_of, sure_letters, turn_of
from mmrag_ingest.seeing.light import Light, light_of
from mmrag_ingest.seeing.second import second_look
from mmrag_ingest.seeing.views import Picture, View

LEANING: Final = 2.0
"""Degrees from which a page is straightened; lines that lean less are read as well as level ones."""
POOR: Final = 0.92
"""Share of sure characters under which another view is tried whatever the light is like."""
HOPELESS: Final = 0.75
"""The same, under which the page may be turned in a way that the lines' directions do not show."""
SHADED: Final = 0.97
"""The same, under which an unevenly lit page is evened: slides and photos have dark parts and are read well."""
FEW: Final = 30
"""Characters under which their quality says nothing of the page: those on a photo are badly read in any view."""
SMALL: Final = 18.0
"""Pixels of a line's height, margin included, under which the page is enlarged."""
ILLEGIBLE: Final = 11.0
"""The same, under which nobody can read the print surely."""
TINY: Final = 150
"""Pixels of the longer side of a page on which no line of print has room."""
_ENLARGED: Final = 1.5
_MORE: Final = 1.01
"""A view is kept when it has this many times the sure characters of the best one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What was read of a picture, in its own pixels.

    ``turn``: quarter turns counter-clockwise that make the page upright. ``unread`` are places with print that gave no
    text; ``notes`` say in a line each what a person should know.
    """

    lines: tuple[OcrLine, ...]
    unread: tuple[OcrLine, ...] = ()
    turn: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """One reading: the view, the lines in its pixels, and how many characters are sure."""

    view: View
    lines: tuple[OcrLine, ...]
    turn: int
    sure: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looker:
    """Reads views while there is time for it."""

    engine: OcrEngine
    effort: Effort

    def look(self, view: View, turn: int) -> _Look:
        began = self.effort.clock()
        lines = self.engine.read(view.picture)
        self.effort.took(self.effort.clock() - began)
        return _Look(view=view, lines=lines, turn=turn, sure=sure_letters(lines))

    def better(self, best: _Look, view: View) -> _Look:
        """``best``, or the reading of ``view`` when that has more sure characters."""
        return _better_of(best, self.look(view, best.turn)) if self.effort.allows_another() else best


def see(picture: Picture, engine: OcrEngine, effort: Effort | None = None) -> Sight:
    """Read an RGB picture, shape ``(h, w, 3)``, as well as can be done in a few times the time of a single reading.

    A clean page is read once. Where ``effort`` allows no more readings, the best one so far stands, and a note says so.
    """
    effort = effort or Effort()
    looker = _Looker(engine=engine, effort=effort)
    best = looker.look(View.as_displayed(picture), 0)
    best = _upright(best, looker)
    slant = slant_of(best.lines)
    if abs(slant) >= LEANING:
        best = looker.better(best, best.view.straightened(slant))
    light, readings = light_of(picture), [best.lines]
    for view in _views(best, light):
        if not effort.allows_another():
            break
        other = looker.look(view, best.turn)
        readings.append(other.lines)
        # A faint page is the worst view of itself: any other one is taken that reads as much.
        best = _better_of(best, other, times=1.0 if light.is_faint else _MORE)
    # All in the pixels of one view, since none of them is turned or enlarged.
    best = replace(best, lines=agreed(best.lines, [lines for lines in readings if lines is not best.lines]))
    if letter_height(best.lines) < SMALL:
        # Of the view that is read best so far: print that is faint as well as small needs both.
        best = looker.better(best, best.view.enlarged(_ENLARGED))
    lines = best.view.on_page(second_look(best.view.picture, best.lines, engine))
    return Sight(
        lines=tuple(line for line in lines if line.is_read),
        unread=tuple(line for line in lines if not line.is_read),
        turn=best.turn,
        notes=tuple(_notes(picture, lines, effort)),
    )


def _notes(picture: Picture, lines: tuple[OcrLine, ...], effort: Effort) -> Iterator[str]:
    height = letter_height(lines)
    if height < ILLEGIBLE:
        yield f"the print is about {height:.0f} pixels high, too small to be read surely: scan it with more dots"
    elif not lines and max(picture.shape[:2]) < TINY:
        yield f"the page has only {picture.shape[1]} x {picture.shape[0]} pixels, too few to read anything"
    if effort.cut_short:
        yield "there was no time to read the page in all ways that its print calls for (ingest.page_timeout_s)"


def _better_of(best: _Look, other: _Look, *, times: float = _MORE) -> _Look:
    return other if other.sure > times * best.sure else best


def _upright(first: _Look, looker: _Looker) -> _Look:
    """Read a page anew that lies on its side or stands on its head: lines are found better where they run level."""
    turn = turn_of(first.lines)
    best = first
    tries = [turn] if turn else []
    if letters(first.lines) >= FEW and quality(first.lines) < HOPELESS:
        tries = [turn, *(q for q in (2, 1, 3, 0) if q != turn)]
    for quarters in tries:
        if quarters:
            if not looker.effort.allows_another():
                break
            other = looker.look(first.view.turned(quarters), quarters)
            if other.sure > best.sure or (quarters == turn and other.sure > 0.95 * best.sure):
                best = other
        if quality(best.lines) >= HOPELESS:
            break
    return best


def _views(best: _Look, light: Light) -> Iterator[View]:
    """Other views of the page that its measures call for, the likeliest first."""
    view = best.view
    share = quality(best.lines) if letters(best.lines) >= FEW else 1.0
    poor = share < POOR
    grainy = light.is_faint or light.is_blocky
    if grainy or poor or (light.is_uneven and share < SHADED):
        yield view.evened()
    if grainy:
        view = view.smoothed()
        yield view.evened()
    if light.is_faint or poor:
        yield view.equalised()
