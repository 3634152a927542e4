"""Letters drawn in eight languages, read by the real OCR: their words come back, and their language is stored."""

from __future__ import annotations

import re
from pathlib import Path

import noto_cjk_sans_jp_regular
import pytest
from ingest_support import settings_for
from matplotlib import get_data_path
from mmrag_ingest.pipeline import ingest
from PIL import Image, ImageDraw, ImageFont
from rapidfuzz.distance import Levenshtein

from mmrag.app import open_app
from mmrag.ports import PageRef

LETTERS = {
    "en": (
        "Dear customer, thank you for your order.",
        "Please pay the total amount within thirty days.",
        "Total: 1,240.50 EUR",
    ),
    "de": (
        "Sehr geehrte Kundin, vielen Dank für Ihre Bestellung.",
        "Bitte überweisen Sie den Betrag in dreißig Tagen.",
        "Gesamtbetrag: 1.240,50 EUR",
    ),
    "fr": (
        "Chère cliente, nous vous remercions de votre commande.",
        "Veuillez régler le montant avant le 3 février 2024.",
        "Montant total : 1 240,50 EUR",
    ),
    "es": (
        "Estimada señora: le agradecemos mucho su pedido.",
        "Le rogamos que abone el importe en treinta días.",
        "Importe total: 1.240,50 EUR",
    ),
    "pt": (
        "Prezada cliente, agradecemos a sua encomenda.",
        "Solicitamos o pagamento até ao dia 12 de março.",
        "Valor total: 1.240,50 EUR",
    ),
    "it": (
        "Gentile cliente, La ringraziamo per il Suo ordine.",
        "Vi preghiamo di pagare l'importo entro trenta giorni.",
        "Importo totale: 1.240,50 EUR",
    ),
    "zh": ("尊敬的客户，感谢您订购我们的产品。", "请在三十天内支付合计金额。", "合计：1240.50 元"),
    "ja": (
        "お客様へ、ご注文いただきありがとうございます。",
        "三十日以内にお支払いをお願いいたします。",
        "合計金額：1240.50 円",
    ),
}
LOST = 0.06
"""Share of letters that may be read wrongly."""


def bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def font_for(language: str) -> ImageFont.FreeTypeFont:
    if language in ("zh", "ja"):
        return ImageFont.truetype(Path(noto_cjk_sans_jp_regular.__file__).with_name("NotoSansCJKjp-Regular.otf"), 34)
    return ImageFont.truetype(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf", 30)


def draw(folder: Path) -> None:
    folder.mkdir()
    for language, lines in LETTERS.items():
        page = Image.new("RGB", (1000, 420), "white")
        pen = ImageDraw.Draw(page)
        for n, line in enumerate(lines):
            pen.text((50, 60 + 90 * n), line, fill="black", font=font_for(language))
        page.save(folder / f"{language}.png")


@pytest.mark.slow
async def test_letters_in_eight_languages_are_read_and_their_language_is_stored(tmp_path: Path) -> None:
    draw(tmp_path / "in")
    settings = settings_for(tmp_path / "store", page_timeout_s=120.0)
    async with open_app(settings, write=True) as app:
        await ingest(app, [tmp_path / "in"])
        pages = {}
        for document in await app.catalog.documents():
            pages[Path(document.name).stem] = await app.catalog.page(PageRef(document_id=document.id, page=1))
        spoken = {ref.document_id for ref in await app.catalog.pages_in_language(["ja"])}
    assert {name: page.language for name, page in pages.items() if page is not None} == {code: code for code in LETTERS}
    assert spoken == {page.document_id for name, page in pages.items() if page is not None and name == "ja"}
    for language, lines in LETTERS.items():
        page = pages[language]
        assert page is not None
        wrong = Levenshtein.normalized_distance(bare("".join(lines)), bare(page.text))
        assert wrong <= LOST, f"{language}: {page.text!r}"
