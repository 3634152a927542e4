"""Small image models with random weights, as ordinary ``from_pretrained`` folders: they prove loading and calling."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

SIDE = 32
_WORDS = [
    "a",
    "the",
    "page",
    "picture",
    "of",
    "chart",
    "receipt",
    "with",
    "lines",
    "that",
    "rise",
    "red",
    "blue",
    "two",
    "three",
    "items",
    "from",
    "shop",
    "total",
]
MEAN, STD = (0.48, 0.46, 0.41), (0.27, 0.26, 0.28)


def noise(count: int, seed: int = 0) -> list[NDArray[np.uint8]]:
    """Pictures of several shapes, small enough that no model shrinks them beforehand."""
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, (40 + 7 * i, 60 - 5 * i, 3), np.uint8) for i in range(count)]


def word_tokenizer(*, cls: str = "[CLS]", sep: str = "[SEP]", extra: tuple[str, ...] = ()) -> PreTrainedTokenizerFast:
    """Whole words only; the ids are 0 padding, 1 unknown, 2 beginning, 3 end, then ``extra``, then words."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.normalizers import Lowercase
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: i for i, word in enumerate(["[PAD]", "[UNK]", cls, sep, *extra, *_WORDS])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))  # noqa: S106 -- not a password
    tokenizer.normalizer, tokenizer.pre_tokenizer = Lowercase(), Whitespace()
    tokenizer.post_processor = TemplateProcessing(single=f"{cls} $A {sep}", special_tokens=[(cls, 2), (sep, 3)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",  # noqa: S106
        unk_token="[UNK]",  # noqa: S106
        cls_token=cls,
        sep_token=sep,
        bos_token=cls,
        eos_token=sep,
        extra_special_tokens={f"token_{i}": token for i, token in enumerate(extra)},
    )


def clip_folder(folder: Path, *, activation: str = "quick_gelu", end: int = 3, way: str = "crop") -> Path:
    """A CLIP of two layers. ``way``: see ``PictureSize``. ``end`` 2 is how models from before transformers 4.31 name the end
    of a text.
    """
    import torch
    from transformers import CLIPConfig, CLIPModel, CLIPProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    torch.manual_seed(1)
    tower = {"num_hidden_layers": 2, "num_attention_heads": 4, "hidden_act": activation}
    config = CLIPConfig(
        text_config={**tower, "hidden_size": 32, "intermediate_size": 64, "vocab_size": 40, "eos_token_id": end}
        | {"max_position_embeddings": 16, "bos_token_id": 2, "pad_token_id": 0},
        vision_config={**tower, "hidden_size": 48, "intermediate_size": 96, "image_size": SIDE, "patch_size": 8},
        projection_dim=24,
    )
    CLIPModel(config).save_pretrained(folder)
    square = {"height": SIDE, "width": SIDE}
    sizes = {"crop": {"shortest_edge": SIDE}, "fit": {"max_height": SIDE, "max_width": SIDE}, "press": square}
    images = CLIPImageProcessorPil(
        size=sizes[way],
        crop_size=square,
        do_center_crop=way != "press",
        image_mean=list(MEAN),
        image_std=list(STD),
    )
    tokenizer = word_tokenizer()
    tokenizer.model_max_length = 16
    CLIPProcessor(images, tokenizer).save_pretrained(folder)
    return folder


def blip_folder(folder: Path, *, tied: bool = True) -> Path:
    """A BLIP captioner of two layers each."""
    import torch
    from transformers import BlipConfig, BlipForConditionalGeneration, BlipProcessor
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    torch.manual_seed(2)
    config = BlipConfig(
        text_config={
            "vocab_size": 40,
            "hidden_size": 32,
            "encoder_hidden_size": 48,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "max_position_embeddings": 64,
            "initializer_range": 0.5,  # with the usual 0.02 every word is nearly as likely
            "bos_token_id": 2,
            "eos_token_id": 3,
            "sep_token_id": 3,
            "pad_token_id": 0,
        },
        vision_config={
            "hidden_size": 48,
            "intermediate_size": 96,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "image_size": SIDE,
            "patch_size": 8,
        },
        projection_dim=24,
        tie_word_embeddings=tied,
    )
    model = BlipForConditionalGeneration(config)
    with torch.no_grad():  # BLIP draws its vision tower so small that every picture looks the same
        for parameter in model.vision_model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    model.save_pretrained(folder)
    images = BlipImageProcessorPil(size={"height": SIDE, "width": SIDE}, image_mean=list(MEAN), image_std=list(STD))
    BlipProcessor(images, word_tokenizer()).save_pretrained(folder)
    return folder


def siglip_folder(folder: Path) -> Path:
    """A SigLIP of one layer; it has no projection, and reads texts of 16 tokens."""
    import torch
    from transformers import SiglipConfig, SiglipModel, SiglipProcessor
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    torch.manual_seed(3)
    tower = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = SiglipConfig(
        text_config={**tower, "vocab_size": 40, "max_position_embeddings": 16, "projection_size": 32},
        vision_config={**tower, "image_size": SIDE, "patch_size": 8},
    )
    SiglipModel(config).save_pretrained(folder)
    tokenizer = word_tokenizer()
    tokenizer.model_max_length = 16
    images = SiglipImageProcessorPil(size={"height": SIDE, "width": SIDE})
    SiglipProcessor(images, tokenizer).save_pretrained(folder)
    return folder


def llava_folder(folder: Path) -> Path:
    """A LLaVA of one layer each: CLIP's vision tower before a Llama, asked through a chat template."""
    import torch
    from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration, LlavaProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    torch.manual_seed(4)
    tokenizer = word_tokenizer(extra=("<image>", "USER:", "ASSISTANT:"))
    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(**vision, image_size=SIDE, patch_size=8, projection_dim=32),
        text_config=LlamaConfig(**text, num_key_value_heads=2, vocab_size=len(tokenizer), bos_token_id=2, eos_token_id=3),
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
    )
    LlavaForConditionalGeneration(config).save_pretrained(folder)
    images = CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})
    template = (
        "{% for m in messages %}USER: {% for c in m['content'] %}{% if c['type'] == 'image' %}<image> {% else %}"
        "{{ c['text'] }}{% endif %}{% endfor %}{% endfor %} ASSISTANT:"
    )
    LlavaProcessor(
        images,
        tokenizer,
        patch_size=8,
        vision_feature_select_strategy="default",
        chat_template=template,
        num_additional_image_tokens=1,
    ).save_pretrained(folder)
    return folder


def blip2_folder(folder: Path) -> Path:
    """A BLIP-2 of one layer each: a vision tower, a querying transformer, and OPT."""
    import torch
    from transformers import Blip2Config, Blip2ForConditionalGeneration, Blip2Processor, OPTConfig
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    torch.manual_seed(5)
    tokenizer = word_tokenizer(extra=("<image>",))
    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = Blip2Config(
        vision_config={**small, "image_size": SIDE, "patch_size": 8},
        qformer_config={**small, "encoder_hidden_size": 32, "vocab_size": 40, "cross_attention_frequency": 1},
        text_config=OPTConfig(
            vocab_size=len(tokenizer), hidden_size=32, ffn_dim=64, num_hidden_layers=1, num_attention_heads=2,
            word_embed_proj_dim=32, max_position_embeddings=128, bos_token_id=2, eos_token_id=3, pad_token_id=0,
        ),
        num_query_tokens=4,
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
    )  # fmt: skip
    Blip2ForConditionalGeneration(config).save_pretrained(folder)
    images = BlipImageProcessorPil(size={"height": SIDE, "width": SIDE})
    Blip2Processor(images, tokenizer, num_query_tokens=4).save_pretrained(folder)
    return folder


def judge_folder(folder: Path, labels: tuple[str, ...], *, longest: int = 32) -> Path:
    """A BERT of two layers that classifies pairs of texts; its random weights are large enough to make it sure."""
    import torch
    from tokenizers.processors import TemplateProcessing
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=40,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=longest,
        initializer_range=0.5,
        id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)},
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer = word_tokenizer()
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    tokenizer.save_pretrained(folder)
    return folder
