"""Names and other words: found in spite of OCR errors, not found when they are others."""

from __future__ import annotations

import pytest
from agent_pages import plan, reading, span

from mmrag.agent.checking import has_shape
from mmrag.agent.verify import verify
from mmrag.domain.answers import Claim, Verdict, VerdictKind, VerifyMethod
from mmrag.domain.plans import AnswerType


def verdict_on(line: str, said: str, *, weak: tuple[str, ...] = (), weak_confidence: float = 0.3) -> Verdict:
    page = reading([line], weak=weak, weak_confidence=weak_confidence)
    (verdict,) = verify(plan(AnswerType.NAME), [Claim(text=said, spans=(span(page, line),))], [page])
    return verdict


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("LIGHTROOM GALLERY SDN BHD", "LIGHTROOM GALLERY SDN BHD"),
        ("LIGHTROOM GALLERY SDN BHD", "Lightroom Gallery Sdn. Bhd."),
        ("LIGHTR0OM GALERY SDN BHD", "LIGHTROOM GALLERY SDN BHD"),
        ("LIGHTROOMGALLERYSDNBHD", "LIGHTROOM GALLERY SDN BHD"),
        ("Messrs. Foley Hoag, LLP of Boston", "Foley Hoag, LLP"),
    ],
)
def test_a_name_is_found_in_spite_of_ocr(line: str, said: str) -> None:
    verdict = verdict_on(line, said)
    assert (verdict.kind, verdict.method) == (VerdictKind.SUPPORTED, VerifyMethod.LEXICAL)


@pytest.mark.parametrize(
    ("line", "said", "kind"),
    [
        ("LIGHTROOM GALLERY SDN BHD", "OCEAN PACKAGING ENTERPRISE", VerdictKind.UNSUPPORTED),
        ("GALLERY SDN BHD", "LIGHTROOM GALLERY SDN BHD", VerdictKind.PARTLY),
        ("BHD", "LIGHTROOM GALLERY SDN BHD", VerdictKind.UNSUPPORTED),
    ],
)
def test_another_name_is_not(line: str, said: str, kind: VerdictKind) -> None:
    assert verdict_on(line, said).kind is kind


def test_a_word_that_is_hardly_readable_leaves_a_name_partly_supported() -> None:
    verdict = verdict_on("GREEN VALLEY MARKET", "GREEN VALLEY MARKET", weak=("VALLEY",))
    assert verdict.kind is VerdictKind.PARTLY
    assert "VALLEY" in verdict.detail


def test_a_name_of_unreadable_words_is_unreadable() -> None:
    assert verdict_on("GREEN VALLEY", "GREEN VALLEY", weak=("GREEN", "VALLEY")).kind is VerdictKind.UNREADABLE


def test_confidence_is_that_of_the_words() -> None:
    sure = verdict_on("GREEN VALLEY", "GREEN VALLEY")
    unsure = verdict_on("GREEN VALLEY", "GREEN VALLEY", weak=("VALLEY",), weak_confidence=0.6)
    assert sure.confidence == pytest.approx(0.98)
    assert unsure.confidence == pytest.approx((0.98 + 0.6) / 2)


def test_an_address_needs_its_numbers_and_its_words() -> None:
    line = "NO: 28, JALAN ASTANA 1C, 41050 KLANG"
    page = reading([line])
    places = (span(page, line),)
    claims = [
        Claim(text="28, Jalan Astana 1C, 41050 Klang", spans=places),
        Claim(text="28, Jalan Astana 1C, 41051 Klang", spans=places),
        Claim(text="28, Lorong Bunga 1C, 41050 Ipoh", spans=places),
    ]
    kinds = [v.kind for v in verify(plan(AnswerType.ADDRESS), claims, [page])]
    assert kinds == [VerdictKind.SUPPORTED, VerdictKind.PARTLY, VerdictKind.PARTLY]


@pytest.mark.parametrize(
    ("text", "shaped"),
    [
        ("ACME", True),
        ("the mayor", True),
        ("de la Cruz", True),
        ("株式会社", True),
        ("1938", True),
        ("by the mayor in spring", False),
    ],
)
def test_a_name_has_a_letter_that_is_not_small_or_says_who_by_what_they_are(text: str, shaped: bool) -> None:
    assert has_shape(AnswerType.NAME, text) is shaped
