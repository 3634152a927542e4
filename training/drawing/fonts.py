"""The fonts of this machine by class: free fonts of the system, of installed packages and of folders named in
MMRAG_TRAINING_FONTS.
"""

import importlib.util
import os
import re
from functools import cache
from pathlib import Path

from PIL import ImageFont

_PACKAGES = ("matplotlib", "reportlab", "font_caladea", "font_source_sans_pro", "handwriting_generator")
_SYSTEM = (Path("/usr/share/fonts/truetype/dejavu"), Path("/usr/share/fonts/truetype/liberation"))
_CLASSES = {
    "mono": r"mono|courier|cousine|^hack|firacode|inconsolata|^ocr|anonymous|cursor|^ptm|cmtt",
    "hand": r"humor|kristi|^dkg|isabella|ecolier|rufscript|breip|femkeklaver|tomson|dancing|handwrit|z003|chorus|virgil",
    "serif": r"serif|tinos|nimbusroman|pagella|termes|schola|bonum|libertine_r|garamond1|vollkorn"
    r"|^gen.*bas|caladea|^c059|^p052"
    r"|bookman|stixgeneral|junicodetwobeta-(reg|bold\.|semic)|^ptf|prociono|cmr10",
    "sans": r"dejavusans|liberationsans|^lato|opensans|roboto|carlito|heros|adventor|arimo|cantarell"
    r"|cabin|dosis|sourcesans|^pts"
    r"|^play|b612-|ubuntu|quicksand|jura|averia|urwgothic|nimbussans|comfortaa|universalis|biolinum_r|freesans|^vera|cmss10",
}
# ocrbe and ocrbx have only a few signs: what they lack they show as black bars.
_LEFT_OUT = re.compile(
    r"thin|hairline|extralight|symbol|math|_k\.|lastresort|nonuni|size(one|two|three|four|five)"
    r"|display|d050|cmsy|cmex|ocrb[ex]\.",
    re.I,
)
_SLANTED = re.compile(r"italic|oblique|[-_a-z](bi|i|it)\.", re.I)
_BOLD = re.compile(r"bold|black|heavy|demi|semibold|_rb\.|75f|76f|bd\.|basb", re.I)


def _folders() -> list[Path]:
    found = [Path(part) for part in os.environ.get("MMRAG_TRAINING_FONTS", "").split(os.pathsep) if part]
    for package in _PACKAGES:
        spec = importlib.util.find_spec(package)
        found += [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
    return [*found, *_SYSTEM]


@cache
def font_files() -> dict[tuple[str, bool], tuple[str, ...]]:
    """Paths of upright fonts by (class, bold); classes are mono, hand, serif and sans. One file for each file name."""
    named: dict[str, Path] = {}
    for folder in _folders():
        for path in sorted([*folder.rglob("*.ttf"), *folder.rglob("*.otf")]):
            named.setdefault(path.name, path)
    result: dict[tuple[str, bool], list[str]] = {(kind, bold): [] for kind in _CLASSES for bold in (False, True)}
    for name, path in sorted(named.items()):
        slanted = _SLANTED.search(name) is not None and "dancing" not in name.lower()
        kind = next((kind for kind, pattern in _CLASSES.items() if re.search(pattern, name, re.I)), None)
        if kind is None or _LEFT_OUT.search(name) or (slanted and kind != "hand"):
            continue
        result[kind, _BOLD.search(name) is not None].append(str(path))
    for (kind, bold), paths in result.items():
        if not paths:
            result[kind, bold] = result[kind, not bold] or result["sans", False]
    return {key: tuple(paths) for key, paths in result.items()}


@cache
def load(path: str, size: int) -> ImageFont.FreeTypeFont:
    """The font at a size in pixels."""
    return ImageFont.truetype(path, max(4, size), layout_engine=ImageFont.Layout.BASIC)
