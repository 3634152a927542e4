"""Real architectures of vision-language models with random weights, so small that they are made in a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}%IMAGE%"
    "{% else %}{{ part['text'] }}{% endif %}{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
NO_SYSTEM = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
_END, _PAD = "<|im_end|>", "<|pad|>"
_MARKS = ["<|im_start|>", _END, _PAD]
_WRITTEN = "abcdefghijĠ"
"""What random weights may write: the byte-level letter for a space is among it, so that there are words to stream."""
_TEXT = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 4096, "tie_word_embeddings": False,
}  # fmt: skip


def tokenizer(*extra: str) -> PreTrainedTokenizerFast:
    """One token a byte, and the marks."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    built = Tokenizer(models.BPE(vocab={letter: n for n, letter in enumerate(alphabet)}, merges=[]))
    built.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)  # type: ignore[assignment]  # untyped in its stubs
    built.decoder = decoders.ByteLevel()  # type: ignore[assignment]  # the same
    return PreTrainedTokenizerFast(
        tokenizer_object=built,
        additional_special_tokens=[*_MARKS, *extra],
        eos_token=_END,
        pad_token=_PAD,
    )


def llava(folder: Path) -> Path:
    from transformers import (
        CLIPImageProcessor,
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )

    words = tokenizer("<image>")
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(
            hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=4, image_size=28, patch_size=14
        ),
        text_config=LlamaConfig(vocab_size=len(words), **_TEXT),
        image_token_id=words.convert_tokens_to_ids("<image>"),
        image_seq_length=4,
    )
    processor = LlavaProcessor(
        CLIPImageProcessor(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28}),
        words,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=NO_SYSTEM + TEMPLATE.replace("%IMAGE%", "<image>"),
    )
    return _saved(folder, LlavaForConditionalGeneration, config, processor, words)


def qwen2_vl(folder: Path) -> Path:
    from transformers import Qwen2VLConfig, Qwen2VLForConditionalGeneration, Qwen2VLImageProcessorPil

    marks = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
    words = tokenizer(*marks)
    ids = {mark: words.convert_tokens_to_ids(mark) for mark in marks}
    config = Qwen2VLConfig(
        text_config={**_TEXT, "vocab_size": len(words), "rope_scaling": {"type": "mrope", "mrope_section": [1, 1, 2]}},
        vision_config={"depth": 2, "embed_dim": 32, "hidden_size": 32, "num_heads": 4, "mlp_ratio": 2, "patch_size": 14},
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
    )
    images = Qwen2VLImageProcessorPil(min_pixels=28 * 28, max_pixels=56 * 56)
    words.chat_template = TEMPLATE.replace("%IMAGE%", "<|vision_start|><|image_pad|><|vision_end|>")
    return _saved(folder, Qwen2VLForConditionalGeneration, config, images, words)


def smolvlm(folder: Path) -> Path:
    from transformers import SmolVLMConfig, SmolVLMForConditionalGeneration, SmolVLMImageProcessorPil

    words = tokenizer("<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>")
    config = SmolVLMConfig(
        text_config={**_TEXT, "vocab_size": len(words), "model_type": "llama", "pad_token_id": words.pad_token_id},
        vision_config={
            "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
            "image_size": 28, "patch_size": 14,
        },
        image_token_id=words.convert_tokens_to_ids("<image>"),
        scale_factor=2,
        pad_token_id=words.pad_token_id,
    )  # fmt: skip
    images = SmolVLMImageProcessorPil(
        do_image_splitting=False, size={"longest_edge": 28}, max_image_size={"longest_edge": 28}
    )
    words.chat_template = TEMPLATE.replace("%IMAGE%", "<image>")
    saved = _saved(folder, SmolVLMForConditionalGeneration, config, images, words)
    (saved / "processor_config.json").write_text('{"processor_class": "SmolVLMProcessor", "image_seq_len": 1}')
    return saved


def _saved(folder: Path, kind: Any, config: Any, processor: Any, words: PreTrainedTokenizerFast) -> Path:
    torch.manual_seed(0)
    model = kind(config)
    model.generation_config.eos_token_id = words.eos_token_id
    model.generation_config.pad_token_id = words.pad_token_id
    allowed = set(words.convert_tokens_to_ids(list(_WRITTEN)))
    model.generation_config.suppress_tokens = [n for n in range(len(words)) if n not in allowed]
    model.generation_config.no_repeat_ngram_size = 2
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


TINY = {"llava": llava, "qwen2-vl": qwen2_vl, "smolvlm": smolvlm}
