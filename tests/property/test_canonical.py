"""Canonical bytes are those of the same value with every text in NFC."""

from __future__ import annotations

import json
import unicodedata
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrag.domain.hashing import Json, canonical_bytes

TEXT = st.text(st.sampled_from('aeZ"\\ é\u0301\u0308\u212b\u1100\u1161\ud800'), max_size=4)
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_equal_but_for_the_form_of_letters_is_equal(value: Json) -> None:
    # Normalising the finished JSON is no way to do it: a mark may join the quotation mark or comma before it.
    plain = json.dumps(_in_nfc(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert canonical_bytes(value) == plain.encode("utf-8", "surrogatepass")


def _in_nfc(value: Json) -> Json:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, dict):
        return {unicodedata.normalize("NFC", key): _in_nfc(inner) for key, inner in value.items()}
    return [_in_nfc(inner) for inner in value] if isinstance(value, list) else value


def test_any_mapping_and_any_sequence_are_taken_and_nothing_without_a_canonical_form() -> None:
    assert canonical_bytes(MappingProxyType({"b": (1, MappingProxyType({})), "a": [None]})) == b'{"a":[null],"b":[1,{}]}'
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_bytes([float("nan")])
