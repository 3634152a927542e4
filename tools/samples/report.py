"""A born-digital report: two columns of native text, a table and a figure across both, page numbers; two pages."""

from __future__ import annotations

import io

from samples.fonts import Face
from samples.pdf import PdfSheet, start_pdf
from samples.records import Ask, Sample
from samples.sheet import Ink, paragraph

TEAL: Ink = (0, 92, 104)
PALE: Ink = (228, 240, 241)
GREY: Ink = (110, 114, 116)
LEFT, RIGHT, WIDE = 50.0, 308.0, 237.0

Block = tuple[str, str]
FIRST: tuple[tuple[Block, ...], tuple[Block, ...]] = (
    (
        ("h", "The year in brief"),
        (
            "p",
            "The Lowmoor Water Trust supplied drinking water to [[homes|61,480 homes]] in 2023, two per cent more than "
            "in the year before. Rain fell late: the spring was the driest since records began at the Hagg Beck gauge in "
            "1961, and the reservoirs stood at [[low|58 per cent]] at the end of June. A wet autumn filled them again by "
            "the second week of November.",
        ),
        (
            "p",
            "No restrictions on use were needed. The drought plan was brought to its first stage on 19 June and "
            "withdrawn on [[withdrawn|4 October]] . Customers used [[litres|131 litres]] a head and day, four litres "
            "less than in 2022, which we put down to the new tariff and to 9,300 meters fitted during the year.",
        ),
        ("h", "Leakage"),
        (
            "p",
            "Leakage fell to [[leakage|7.9 million litres]] a day, against a target of 8.4. Most of the gain came from "
            "the Carr Lane main, a cast-iron pipe of 1908 that burst eleven times in 2022. It was replaced over 4.2 "
            "kilometres between March and August at a cost of [[carr|£3.6 million]] .",
        ),
        (
            "p",
            "Listening devices on 640 hydrants now report each night. The median time from first alarm to repair was "
            "six days; the longest, at Upper Thwaite, took 41 because a railway crosses the pipe.",
        ),
    ),
    (
        ("h", "Water quality"),
        (
            "p",
            "Of 14,212 samples taken at customers' taps, [[failed|nine]] failed a standard: six for taste, two for iron "
            "and one for coliform bacteria, which a second sample did not confirm. The compliance index was 99.94 per "
            "cent.",
        ),
        (
            "p",
            "The new ultraviolet plant at Hagg Beck went into service on [[uv|7 February 2023]] . It treats 22 million "
            "litres a day and uses a third less power than the ozone plant that it replaces.",
        ),
        ("h", "People"),
        (
            "p",
            "At the end of the year the Trust employed [[staff|212 people]] , of whom 17 were apprentices. There were "
            "three accidents that led to absence from work. Dr Helen Marsh succeeded Robert Dyson as chief executive on "
            "1 September 2023.",
        ),
        ("h", "Outlook"),
        (
            "p",
            "In 2024 we will line the Thwaite tunnel, fit a further 11,000 meters and begin the fish pass at Lowmoor "
            "weir. The Board has approved investment of [[invest|£18.5 million]] . Charges will rise by 3.1 per cent "
            "from April, less than the rate of inflation forecast when they were set.",
        ),
        (
            "p",
            "A consultation on the next five-year plan opens on 13 May; paper copies will lie in all libraries of the area.",
        ),
    ),
)
TABLE = (
    ("", "2021", "2022", "2023", "Change"),
    ("Water into supply (Ml/d)", "38.1", "38.9", "37.6", "−3.3 %"),
    ("Leakage (Ml/d)", "9.4", "8.8", "7.9", "−10.2 %"),
    ("Customers' use (l/head/day)", "138", "135", "131", "−3.0 %"),
    ("Mains renewed (km)", "11.2", "14.6", "19.3", "+32.2 %"),
    ("Bursts repaired", "412", "447", "371", "−17.0 %"),
    ("Turnover (£ million)", "24.7", "26.3", "27.9", "+6.1 %"),
    ("Operating surplus (£ million)", "2.9", "2.2", "3.4", "+54.5 %"),
)
STORAGE = (
    ("Jan", 91),
    ("Feb", 88),
    ("Mar", 84),
    ("Apr", 77),
    ("May", 66),
    ("Jun", 58),
    ("Jul", 61),
    ("Aug", 64),
    ("Sep", 72),
    ("Oct", 86),
    ("Nov", 97),
    ("Dec", 99),
)


def _column(sheet: PdfSheet, x: float, y: float, blocks: tuple[Block, ...]) -> None:
    for kind, text in blocks:
        if kind == "h":
            sheet.text(x, y + 5, text, Face.SANS_BOLD, 12.5, ink=TEAL)
            y += 22
        else:
            y = paragraph(sheet, x, y, WIDE, text, Face.SERIF, 10, justify=True, leading=1.36) + 6


def _furniture(sheet: PdfSheet, page: int) -> None:
    sheet.text(50, 36, "Lowmoor Water Trust", Face.SANS, 8.5, ink=GREY)
    sheet.text(545, 36, "Annual Report 2023", Face.SANS, 8.5, ink=GREY, align="right")
    sheet.rule(50, 42, 545, 42, thick=0.5, ink=GREY)
    sheet.text(297.5, 812, str(page), Face.SANS, 9, ink=GREY, align="center")


def _table(sheet: PdfSheet, y: float) -> None:
    rights = (330.0, 396.0, 462.0, 541.0)
    caption = "Table 1. Key figures, years ending 31 December"
    sheet.text(50, y, caption, Face.SANS_BOLD, 10, ink=TEAL)
    y += 10
    for number, row in enumerate(TABLE):
        if number == 0 or number % 2 == 0:
            sheet.box(50, y, 545, y + 19, outline=None, fill=PALE if number else (190, 217, 220))
        face = Face.SANS_BOLD if number == 0 else Face.SANS
        sheet.text(56, y + 13, row[0], face, 10)
        for x, cell, year in zip(rights, row[1:], TABLE[0][1:], strict=True):
            sheet.text(x, y + 13, cell, face, 10, align="right", mark=f"{row[0]} {year}" if number else None)
        y += 19
    sheet.rule(50, y, 545, y, thick=0.8, ink=TEAL)
    note = "Ml/d: million litres a day. Turnover and surplus are audited; the other figures are the Trust's own."
    sheet.text(50, y + 13, note, Face.SANS, 8, ink=GREY)


def _figure(sheet: PdfSheet, y: float) -> float:
    """Bars drawn as vectors, with their values as native text."""
    sheet.text(
        50, y, "Figure 1. Water in the reservoirs at the end of each month of 2023, per cent", Face.SANS_BOLD, 10, ink=TEAL
    )
    floor, unit = y + 172, 1.45
    for level in (0, 25, 50, 75, 100):
        sheet.rule(74, floor - unit * level, 545, floor - unit * level, thick=0.4, ink=(200, 206, 207))
        sheet.text(68, floor - unit * level + 3, str(level), Face.SANS, 8, ink=GREY, align="right")
    for place, (month, level) in enumerate(STORAGE):
        x = 84 + 38.6 * place
        sheet.box(x, floor - unit * level, x + 24, floor, outline=None, fill=TEAL if level > 60 else (206, 120, 60))
        sheet.text(x + 12, floor - unit * level - 4, str(level), Face.SANS, 8.5, align="center", mark=f"storage {month}")
        sheet.text(x + 12, floor + 13, month, Face.SANS, 9, align="center", ink=GREY)
    return floor + 48


SECOND: tuple[tuple[Block, ...], tuple[Block, ...]] = (
    (
        ("h", "Money"),
        (
            "p",
            "Turnover rose to £27.9 million. Energy cost £4.1 million, nearly as much as in the year before, although we "
            "bought a tenth less of it; the solar field at Hagg Beck gave [[solar|2.7 gigawatt hours]] in its first full "
            "year. The operating surplus goes into the renewal fund.",
        ),
        (
            "p",
            "Net debt stood at [[debt|£41.2 million]] on 31 December, of which £30 million is the green bond that falls "
            "due in 2036. The auditors, Pell & Garrick, gave an unqualified opinion on 22 March 2024.",
        ),
    ),
    (
        ("h", "How the figures are made"),
        (
            "p",
            "Leakage is the mean of the night flows of all 84 district meters, less an allowance for use at night. It is "
            "checked each year against the total balance; in 2023 the two differed by [[differ|1.8 per cent]] .",
        ),
        (
            "p",
            "Bursts are counted when a repair is booked. Use per head rests on metered homes and on a panel of 1,150 homes "
            "without a meter, weighted by size.",
        ),
    ),
)


def make() -> Sample:
    out = io.BytesIO()
    canvas = start_pdf(out, "Annual Report 2023")
    first = PdfSheet(canvas)
    _furniture(first, 1)
    first.text(50, 88, "Annual Report 2023", Face.SERIF_BOLD, 28, ink=TEAL, mark="title")
    first.text(50, 110, "A dry spring, a wet autumn, and fewer bursts", Face.SERIF_ITALIC, 14, ink=GREY)
    _column(first, LEFT, 146, FIRST[0])
    _column(first, RIGHT, 146, FIRST[1])
    _table(first, 566)
    pages = [first.done()]
    second = PdfSheet(canvas)
    _furniture(second, 2)
    y = _figure(second, 74)
    _column(second, LEFT, y, SECOND[0])
    _column(second, RIGHT, y, SECOND[1])
    pages.append(second.done())
    canvas.save()
    return Sample(name="annual-report.pdf", kind="pdf", data=out.getvalue(), pages=tuple(pages), asks=_ASKS)


_THIS = "the Lowmoor Water Trust annual report"
_ASKS = (
    Ask(
        question="How much did the replacement of the Carr Lane main cost?",
        corpus=f"According to {_THIS}, what did replacing the Carr Lane main cost?",
        answers=("£3.6 million", "3.6 million"),
        mark="carr",
    ),
    Ask(
        question="When did the ultraviolet plant go into service?",
        corpus=f"According to {_THIS}, when did the ultraviolet plant at Hagg Beck go into service?",
        answers=("7 February 2023", "2023-02-07"),
        mark="uv",
    ),
    Ask(
        question="How many bursts were repaired in 2022?",
        corpus=f"How many bursts were repaired in 2022 according to {_THIS}?",
        answers=("447",),
        mark="Bursts repaired 2022",
    ),
    Ask(
        question="What was the operating surplus in 2023?",
        corpus=f"What was the operating surplus in 2023 in {_THIS}, in £ million?",
        answers=("3.4", "£3.4 million", "3.4 million"),
        mark="Operating surplus (£ million) 2023",
    ),
    Ask(
        question="How many people did the Trust employ at the end of the year?",
        corpus=f"How many people did the Trust employ according to {_THIS}?",
        answers=("212", "212 people"),
        mark="staff",
    ),
    Ask(
        question="How much was the net debt?",
        corpus=f"How much net debt does {_THIS} state?",
        answers=("£41.2 million", "41.2 million"),
        mark="debt",
        page=2,
    ),
    Ask(
        question="What was the chief executive's salary?",
        corpus=f"What was the chief executive's salary according to {_THIS}?",
        answers=(),
    ),
)
