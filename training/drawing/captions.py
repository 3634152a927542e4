"""Captions: what a person would search for, each with the facts it states, so that it can be told of which other
pictures it is true.
"""

import random
from dataclasses import dataclass

from training.drawing.lexicon import NUMBERS
from training.drawing.pen import Drawn

CHARTS = (
    "bar chart", "stacked bar chart", "grouped bar chart", "line chart", "area chart", "pie chart", "donut chart",
    "scatter chart", "histogram", "box plot", "heat map",
)  # fmt: skip
GROUPS: dict[str, str] = {
    **dict.fromkeys(CHARTS, "chart"),
    **dict.fromkeys(("form", "tax form", "contract"), "form"),
    **dict.fromkeys(("report page", "scientific paper", "financial statement"), "report"),
    "photograph": "photo",
    "slide": "slide",
    "receipt": "receipt",
}
NAMES: dict[str, tuple[str, ...]] = {
    "receipt": ("receipt", "shop receipt", "till receipt", "cash receipt", "sales slip"),
    "invoice": ("invoice", "bill", "invoice page"),
    "form": ("form", "filled form", "official form", "government form", "application form"),
    "tax form": ("tax form", "tax return form", "form with boxes"),
    "contract": ("contract", "order form", "purchase order", "broadcast contract", "order"),
    "letter": ("letter", "business letter"),
    "report page": ("report page", "page of a report", "text page", "page of text", "report"),
    "scientific paper": ("scientific paper", "page of a scientific paper", "research article", "paper"),
    "financial statement": ("financial statement", "balance sheet", "page of a financial report", "page of figures"),
    "table": ("table", "table of numbers", "data table"),
    "cover page": ("cover page", "title page", "cover of a report"),
    "blank page": ("blank page", "empty page"),
    "unreadable page": ("unreadable page", "page that cannot be read", "badly blurred page"),
    "photograph": ("photograph", "photo", "picture from a camera", "natural photo", "snapshot"),
    "slide": ("slide", "presentation slide", "presentation", "powerpoint slide"),
    "ticket": ("ticket", "admission ticket"),
    "business card": ("business card", "visiting card"),
    "flowchart": ("flowchart", "flow diagram", "process diagram"),
    "diagram": ("diagram", "technical drawing", "schematic diagram"),
    "map": ("map", "road map", "geographic map"),
    "handwritten note": ("handwritten note", "handwriting", "note written by hand", "handwritten page"),
    "screenshot": ("screenshot", "screenshot of a website", "window of a program"),
    "bar chart": ("bar chart", "bar graph", "chart with bars"),
    "stacked bar chart": ("stacked bar chart", "stacked bars", "bar chart with stacked bars"),
    "grouped bar chart": ("grouped bar chart", "clustered bar chart"),
    "line chart": ("line chart", "line graph", "chart with lines"),
    "area chart": ("area chart", "filled line chart"),
    "pie chart": ("pie chart", "pie graph", "chart with slices"),
    "donut chart": ("donut chart", "ring chart"),
    "scatter chart": ("scatter chart", "scatter plot", "plot of points"),
    "histogram": ("histogram",),
    "box plot": ("box plot",),
    "heat map": ("heat map", "matrix of colours"),
}
_GROUP_NAMES = {
    "chart": ("chart", "graph", "plot", "chart of data"),
    "form": ("form", "form to fill in"),
    "report": ("report", "page of a report", "document page"),
    "photo": ("photo", "photograph"),
    "slide": ("slide",),
    "receipt": ("receipt",),
}
TEMPLATES = (
    "a scan of {}",
    "a photo of {}",
    "a picture of {}",
    "a page of {}",
    "this is {}",
    "{}",
    "{}",
    "an image of {}",
    "a document: {}",
)
_COUNTED = {
    "items": "items",
    "bars": "bars",
    "lines": "lines",
    "areas": "areas",
    "slices": "slices",
    "series": "series",
    "columns": "columns",
    "rows": "rows",
    "boxes": "boxes",
    "bullets": "bullet points",
    "sorts": "sorts of points",
    "nodes": "nodes",
    "layers": "layers",
    "shapes": "shapes",
}
_VALUED: dict[str, tuple[str, ...]] = {
    "topic": ("about {}", "on {}", "showing {}"),
    "title": ('titled "{}"', "with the title {}"),
    "vendor": ("from {}", "of {}"),
    "trade": ("from a {}", "of a {}"),
    "agency": ("of the {}",),
    "colour": ("in {}", "with {} parts", "coloured {}"),
    "language": ("in {}",),
    "subject": ("of {}", "showing {}"),
    "event": ("for a {}",),
    "ink": ("in {} ink",),
    "paper": ("on {} paper",),
    "station": ("of the station {}",),
}
_FIXED: dict[str, dict[str, tuple[str, ...]]] = {
    "trend": {
        "rises": ("that rises", "rising over time", "going up", "with growth"),
        "falls": ("that falls", "falling over time", "going down", "with a decline"),
    },
    "orientation": {
        "horizontal": ("with horizontal bars", "with bars that lie"),
        "vertical": ("with vertical bars", "with upright bars"),
    },
    "background": {"dark": ("on a dark background", "with a dark background"), "light": ("on a light background",)},
    "filled": {
        "hand": ("filled in by hand", "with handwriting"),
        "typed": ("filled in by machine", "typed"),
        "empty": ("not filled in", "left empty"),
    },
    "content": {
        "bullets": ("with bullet points",),
        "chart": ("with a chart",),
        "picture": ("with a picture",),
        "shapes": ("with shapes",),
        "section": ("with only a title",),
        "text": ("with a block of text",),
        "numbers": ("with large numbers",),
        "columns": ("with boxes side by side",),
    },
    "inset": {
        "chart": ("with a chart",),
        "table": ("with a table",),
        "picture": ("with a picture",),
        "box": ("with a coloured box",),
    },
    "style": {
        "network": ("of a network",),
        "layers": ("of layers",),
        "parts": ("of parts with numbers",),
        "regions": ("of regions",),
        "streets": ("of streets",),
    },
    "quality": {
        "faded": ("faded", "in low contrast", "hard to read"),
        "blurred": ("blurred", "out of focus", "hard to read"),
    },
    "tone": {"grey": ("in black and white", "without colours")},
    "light": {"dark": ("in the dark", "that is dark"), "bright": ("that is bright", "in bright light")},
    "layout": {
        "strip": ("on a long narrow strip", "long and narrow"),
        "small": ("small on a large white page", "with wide white margins"),
    },
    "legend": {"yes": ("with a legend",)},
    "stamped": {"yes": ("with a stamp", "stamped")},
    "signed": {"yes": ("signed", "with a signature")},
    "skewed": {"yes": ("skewed", "turned askew", "crooked")},
    "photographed": {"yes": ("photographed on a table", "taken with a phone")},
    "checkboxes": {"yes": ("with check boxes",)},
    "abstract": {"yes": ("with title and abstract", "the first page")},
    "heading": {"yes": ("with a large heading",)},
    "list": {"yes": ("as a list",)},
    "handwriting": {"yes": ("with handwriting on it",)},
}
# What shows at the size the models look at. The captioner speaks of nothing else: it has no reason to invent names.
_VISIBLE = (
    "orientation", "bars", "lines", "slices", "areas", "boxes", "series", "sorts", "columns", "bullets", "items", "shapes",
    "layers", "nodes", "style", "subject", "tone", "light", "layout", "content", "inset", "background", "colour", "trend",
    "legend", "filled", "checkboxes", "abstract", "heading", "ink", "paper", "list", "signed", "stamped", "handwriting",
    "photographed", "skewed", "quality",
)  # fmt: skip
_READ = ("topic", "title", "vendor", "trade", "agency", "language", "event", "station")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """A text, the facts it states as "name=value", and whether it is a template, a short or a detailed caption."""

    text: str
    facts: frozenset[str]
    form: str


def stated(drawn: Drawn) -> frozenset[str]:
    """All facts of a picture, as captions state them."""
    facts = {f"{name}={value}" for name, value in drawn.facts.items()} | {f"kind={drawn.kind}"}
    group = GROUPS.get(drawn.kind)
    return frozenset(facts | ({f"group={group}"} if group else set()))


def with_article(name: str) -> str:
    """The name with a or an before it; "handwriting" and plurals stand alone."""
    if name in ("handwriting", "stacked bars"):
        return name
    return f"{'an' if name[0] in 'aeio' or name.startswith('un') else 'a'} {name}"


def _counted(rng: random.Random, name: str, value: str) -> str:
    number = int(value)
    written = NUMBERS[number] if number < len(NUMBERS) and rng.random() < 0.6 else value
    noun = _COUNTED[name]
    if number == 1:
        noun = {"series": "series", "sorts of points": "sort of points", "boxes": "box"}.get(noun, noun.removesuffix("s"))
    preposition = "in" if name in ("series", "columns") else "with"
    return f"{preposition} {written} {noun}"


def _clause(rng: random.Random, drawn: Drawn, name: str) -> str | None:
    """One fact in words, or None where it is not worth saying."""
    value = drawn.facts.get(name)
    if value is None or (name == "language" and value == "English"):
        return None
    if name in _COUNTED:
        return None if value == "1" and name in ("columns", "sorts", "areas", "series") else _counted(rng, name, value)
    if name in _FIXED:
        return rng.choice(_FIXED[name][value]) if value in _FIXED[name] else None
    return rng.choice(_VALUED[name]).format(value)


def _joined(rng: random.Random, drawn: Drawn, names: list[str], form: str) -> Caption:
    """Kind and the named facts in one caption."""
    text = with_article(NAMES[drawn.kind][0] if form == "detailed" else rng.choice(NAMES[drawn.kind]))
    facts = {f"kind={drawn.kind}"}
    for name in names:
        clause = _clause(rng, drawn, name)
        if clause is None:
            continue
        text += (
            f", {clause}"
            if name in ("skewed", "quality", "photographed", "signed", "stamped", "background")
            else f" {clause}"
        )
        facts.add(f"{name}={drawn.facts[name]}")
    return Caption(text=text, facts=frozenset(facts), form=form)


def captions(rng: random.Random, drawn: Drawn) -> list[Caption]:
    """Nine captions: two templates, five short ones that pick facts, two detailed ones of all that shows."""
    group = GROUPS.get(drawn.kind)
    kind = with_article(rng.choice(NAMES[drawn.kind]))
    found = [Caption(text=rng.choice(TEMPLATES).format(kind), facts=frozenset({f"kind={drawn.kind}"}), form="template")]
    if group:
        name = with_article(rng.choice(_GROUP_NAMES[group]))
        found.append(Caption(text=rng.choice(TEMPLATES).format(name), facts=frozenset({f"group={group}"}), form="template"))
    seen = [name for name in _VISIBLE if name in drawn.facts]
    read = [name for name in _READ if name in drawn.facts]
    for index in range(5):
        chosen = rng.sample(seen, min(len(seen), rng.randint(1, 3)))
        if index < 2 and read:
            chosen.insert(0, rng.choice(read))
        found.append(_joined(rng, drawn, chosen, "short"))
    found.extend(_joined(rng, drawn, seen, "detailed") for _ in range(2))
    return found
