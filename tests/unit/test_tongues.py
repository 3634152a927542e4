"""Questions in other languages, in English words for the planner."""

from __future__ import annotations

import pytest

from mmrag.agent.plan import make_plan
from mmrag.agent.reading.lexicon import lexicon
from mmrag.agent.reading.target import understand
from mmrag.agent.tongues import in_english
from mmrag.domain.plans import ConstraintKind

QUESTIONS = {
    "Wie hoch ist der Gesamtbetrag der Rechnung von Muster GmbH vom 12. März 2024?": ("total", "Muster GmbH", "2024-03-12"),
    "Wie lautet die Rechnungsnummer der Rechnung von Muster GmbH?": ("invoice_number", "Muster GmbH", None),
    "Wann wurde die Rechnung von Muster GmbH ausgestellt?": ("date", "Muster GmbH", None),
    "Quel est le montant total de la facture de Dupont SARL du 3 février 2024 ?": ("total", "Dupont SARL", "2024-02-03"),
    "Quelle est la date d'échéance de la facture de Dupont SARL ?": ("due_date", "Dupont SARL", None),
    "¿Cuál es el importe total de la factura de Talleres Ruiz del 12 de marzo de 2024?": (
        "total",
        "Talleres Ruiz",
        "2024-03-12",
    ),
    "Qual é o valor total da fatura de Oliveira Lda?": ("total", "Oliveira Lda", None),
    "Qual è il totale della fattura di Rossi Srl?": ("total", "Rossi Srl", None),
    "Qual è la data della fattura di Rossi Srl?": ("date", "Rossi Srl", None),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_field_and_the_document_are_understood(question: str) -> None:
    field, name, date = QUESTIONS[question]
    plan = make_plan(question)
    asked = understand(plan, lexicon())
    assert asked.concepts, plan
    assert asked.concepts[0][0].id == field, plan
    assert name in [c.text for c in plan.constraints if c.kind is ConstraintKind.NAME]
    dates = [n for c in plan.constraints if c.kind is ConstraintKind.DATE for n in c.normals]
    assert date is None or date in dates


@pytest.mark.parametrize(
    "question",
    ["What is the total of the invoice from Die Bahn?", "Who wrote the letter?", "How much is the VAT?", "", "Total?"],
)
def test_english_questions_stay_as_they_are(question: str) -> None:
    assert in_english(question) is None


def test_names_and_titles_stay_as_they_are() -> None:
    english = in_english("Wie hoch ist der Betrag der Rechnung von Haus und Garten GmbH?")
    assert english is not None
    assert "Haus und Garten GmbH" in english
    assert (
        in_english("Quel est le total de « La Maison de Paris » ?") == "What is total amount from « La Maison de Paris » ?"
    )
