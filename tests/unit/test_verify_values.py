"""The verifier reads the page again: right values pass however they are written, wrong ones never do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from agent_pages import plan, reading, span

from mmrag.agent.verify import verify
from mmrag.domain.answers import Claim, Span, VerdictKind, VerifyMethod
from mmrag.domain.documents import ElementKind
from mmrag.domain.plans import AnswerType

RECEIPT = reading(
    ["ACME HARDWARE SDN BHD", "(1072825-A)", "Date: 20/11/2017 14:22", "Tel: 03-7728 1234", "Total RM39.80", "Paid: yes"]
)


@pytest.mark.parametrize(
    ("answer_type", "cited", "said"),
    [
        (AnswerType.AMOUNT, "RM39.80", "39.80"),
        (AnswerType.AMOUNT, "RM39.80", "RM 39.80"),
        (AnswerType.DATE, "20/11/2017", "20 November 2017"),
        (AnswerType.DATE, "20/11/2017", "2017-11-20"),
        (AnswerType.TIME, "14:22", "2:22 pm"),
        (AnswerType.IDENTIFIER, "(1072825-A)", "1072825-A"),
        (AnswerType.PHONE, "03-7728 1234", "03-7728 1234"),
        (AnswerType.NUMBER, "RM39.80", "39.8"),
    ],
)
def test_a_value_that_stands_there_is_supported(answer_type: AnswerType, cited: str, said: str) -> None:
    (verdict,) = verify(plan(answer_type), [Claim(text=said, spans=(span(RECEIPT, cited),))], [RECEIPT])
    assert (verdict.kind, verdict.method) == (VerdictKind.SUPPORTED, VerifyMethod.VALUE)
    assert verdict.confidence == pytest.approx(0.98)


@pytest.mark.parametrize(
    ("answer_type", "cited", "said"),
    [
        (AnswerType.AMOUNT, "RM39.80", "38.90"),
        (AnswerType.AMOUNT, "RM39.80", "€39.80"),
        (AnswerType.AMOUNT, "RM39.80", "-39.80"),
        (AnswerType.DATE, "20/11/2017", "21/11/2017"),
        (AnswerType.IDENTIFIER, "(1072825-A)", "1072825-B"),
    ],
)
def test_another_value_of_the_kind_contradicts(answer_type: AnswerType, cited: str, said: str) -> None:
    (verdict,) = verify(plan(answer_type), [Claim(text=said, spans=(span(RECEIPT, cited),))], [RECEIPT])
    assert verdict.kind is VerdictKind.CONTRADICTED
    assert cited.strip("()") in verdict.detail


def test_what_the_drafter_quoted_plays_no_part() -> None:
    lying = replace(span(RECEIPT, "RM39.80"), quote="RM 99.90")
    (verdict,) = verify(plan(), [Claim(text="99.90", spans=(lying,))], [RECEIPT])
    assert verdict.kind is VerdictKind.CONTRADICTED


def test_a_value_that_is_nowhere_in_the_cited_words_is_unsupported() -> None:
    (verdict,) = verify(plan(), [Claim(text="39.80", spans=(span(RECEIPT, "ACME HARDWARE"),))], [RECEIPT])
    assert verdict.kind is VerdictKind.UNSUPPORTED


def test_some_values_of_several_are_partly() -> None:
    claim = Claim(text="39.80 on 21/11/2017", spans=(span(RECEIPT, "RM39.80"),))
    (verdict,) = verify(plan(AnswerType.FREE), [claim], [RECEIPT])
    assert verdict.kind is VerdictKind.PARTLY
    assert "21/11/2017" in verdict.detail


@pytest.mark.parametrize(
    ("spans", "why"),
    [
        ((), "no place"),
        ((Span(element_id="el-none", words=(0,), quote="x"),), "none of the pages"),
        ((replace(span(RECEIPT, "RM39.80"), words=(0,)),), "does not have"),
        ((replace(span(RECEIPT, "RM39.80"), words=(9999,)),), "does not have"),
        ((replace(span(RECEIPT, "RM39.80"), words=()),), "does not have"),
    ],
)
def test_a_claim_without_a_true_place_is_unsupported(spans: tuple[Span, ...], why: str) -> None:
    (verdict,) = verify(plan(), [Claim(text="39.80", spans=spans)], [RECEIPT])
    assert verdict.kind is VerdictKind.UNSUPPORTED
    assert why in verdict.detail


def test_generated_text_is_no_evidence() -> None:
    caption = reading(["A receipt over 39.80"], kind=ElementKind.CAPTION)
    (verdict,) = verify(plan(), [Claim(text="39.80", spans=(span(caption, "39.80"),))], [caption])
    assert verdict.kind is VerdictKind.UNSUPPORTED
    assert "generated" in verdict.detail


def test_words_that_the_engine_could_hardly_read_are_unreadable() -> None:
    smudged = reading(["Total RM39.80"], weak=["RM39.80"])
    (verdict,) = verify(plan(), [Claim(text="39.80", spans=(span(smudged, "Total RM39.80"),))], [smudged])
    assert verdict.kind is VerdictKind.UNREADABLE
    assert verdict.confidence == pytest.approx(0.3)
    assert "0.30" in verdict.detail


def test_an_unreadable_label_does_not_spoil_a_readable_value() -> None:
    smudged = reading(["Total RM39.80"], weak=["Total"])
    (verdict,) = verify(plan(), [Claim(text="39.80", spans=(span(smudged, "Total RM39.80"),))], [smudged])
    assert verdict.kind is VerdictKind.SUPPORTED


def test_a_wrong_value_at_an_unreadable_place_is_unreadable_not_contradicted() -> None:
    smudged = reading(["Total RM39.80"], weak=["RM39.80"])
    (verdict,) = verify(plan(), [Claim(text="38.80", spans=(span(smudged, "RM39.80"),))], [smudged])
    assert verdict.kind is VerdictKind.UNREADABLE


def test_an_answer_of_another_kind_than_asked_for_is_only_partly_supported() -> None:
    (verdict,) = verify(plan(AnswerType.DATE), [Claim(text="39.80", spans=(span(RECEIPT, "RM39.80"),))], [RECEIPT])
    assert verdict.kind is VerdictKind.PARTLY
    assert "no date" in verdict.detail
    assert verdict.confidence < 0.5


@pytest.mark.parametrize("kind", [ElementKind.TEXT, ElementKind.KEY_VALUE])
def test_two_values_by_one_label_are_mentioned(kind: ElementKind) -> None:
    twice = reading(["Total: 28.49", "Rounding: 0.01", "Total: 28.50"], kind=kind)
    (verdict,) = verify(plan(), [Claim(text="28.50", spans=(span(twice, "28.50"),))], [twice])
    assert verdict.kind is VerdictKind.SUPPORTED
    assert "28.49" in verdict.detail
    assert "0.01" not in verdict.detail


def test_the_same_value_twice_is_no_disagreement() -> None:
    twice = reading(["Total: 28.50", "Total: RM 28.50"])
    (verdict,) = verify(plan(), [Claim(text="28.50", spans=(span(twice, "28.50"),))], [twice])
    assert "another value" not in verdict.detail


def test_a_number_split_by_ocr_is_put_together() -> None:
    split = reading(["Total 1, 234.50", "Cash 39 .80"])
    claims = [Claim(text="1,234.50", spans=(span(split, "1, 234.50"),)), Claim(text="39.80", spans=(span(split, "39 .80"),))]
    assert [v.kind for v in verify(plan(), claims, [split])] == [VerdictKind.SUPPORTED] * 2


@pytest.mark.parametrize(
    ("line", "said", "kind"),
    [
        ("Exempt: yes", "Yes", VerdictKind.SUPPORTED),
        ("Exempt: no", "Yes", VerdictKind.CONTRADICTED),
        ("Exempt payee code 5", "Yes", VerdictKind.PARTLY),
        ("Thank you", "Yes", VerdictKind.UNSUPPORTED),
    ],
)
def test_yes_and_no_lean_on_a_printed_one_or_on_words_about_it(line: str, said: str, kind: VerdictKind) -> None:
    page = reading([line])
    asked = plan(AnswerType.YES_NO, target="exempt", question="Is it exempt?")
    (verdict,) = verify(asked, [Claim(text=said, spans=(span(page, line),))], [page])
    assert verdict.kind is kind


def test_one_hardly_readable_value_among_several_leaves_a_claim_partly_supported() -> None:
    line = "NO: 28, JALAN ASTANA 1C, 41050 KLANG 825"
    smudged = reading([line], weak=["825"])
    (verdict,) = verify(plan(AnswerType.ADDRESS), [Claim(text=line, spans=(span(smudged, line),))], [smudged])
    assert verdict.kind is VerdictKind.PARTLY
    assert "825" in verdict.detail
