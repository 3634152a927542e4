"""The language of a page, from its words."""

from __future__ import annotations

import pytest
from mmrag_ingest.engines.languages import language_of

SENTENCES = {
    "en": "Thank you for your purchase. Please keep this receipt, goods may be returned within thirty days.",
    "de": "Rechnung. Bitte überweisen Sie den Gesamtbetrag von 119,00 EUR innerhalb von vierzehn Tagen.",
    "fr": "Facture. Veuillez régler le montant total de 119,00 € avant le 3 février 2024. Merci de votre confiance.",
    "es": "Factura. Le rogamos que abone el importe total de 119,00 € antes del 12 de marzo de 2024. Gracias.",
    "pt": "Fatura. Agradecemos o pagamento do valor total de 119,00 € até ao dia 12 de março. Obrigado pela preferência.",
    "it": "Fattura. Vi preghiamo di pagare l'importo totale di 119,00 € entro il 12 marzo 2024. Grazie per la fiducia.",
    "zh": "发票 购买方 上海文具有限公司 合计金额 人民币一百一十九元整 开票日期 二零二四年三月十二日",
    "ja": "請求書 ご請求金額は以下のとおりです。お支払いは月末までにお願いいたします。株式会社見本",
}


@pytest.mark.parametrize("language", SENTENCES)
def test_a_few_sentences_are_enough(language: str) -> None:
    assert language_of(SENTENCES[language]) == language


@pytest.mark.parametrize("language", [code for code in SENTENCES if code not in ("zh", "ja")])
def test_capitals_change_nothing(language: str) -> None:
    assert language_of(SENTENCES[language].upper()) == language


@pytest.mark.parametrize("text", ["", "12.50 3 x 4.00 = 12.00", "TOTAL 12.00 RM", "INV-2024-0012 A4 B7", "\x00\n\n"])
def test_too_little_is_no_language(text: str) -> None:
    assert language_of(text) is None
