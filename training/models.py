"""The two architectures: a compact `CLIPModel` and a compact `BlipForConditionalGeneration`, with nothing of our own inside.

Both look at 192 x 192 pixels in patches of 24: 64 patches and one class token. A picture keeps its proportions, with black
beside it: a till receipt is known by being narrow.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from transformers import (
    BertTokenizer,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipProcessor,
    CLIPConfig,
    CLIPModel,
    CLIPProcessor,
    CLIPTokenizer,
)
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from training.tokens import BOS, EOS, PAD

IMAGE_SIZE = 192
PATCH = 24
WIDTH = 192
LAYERS = 6
HEADS = 3
TEXT_LAYERS = 4
TEXT_LENGTH = 48
DECODER_WIDTH = 256
DECODER_LENGTH = 64
MEAN = (0.5, 0.5, 0.5)
STD = (0.5, 0.5, 0.5)
_VISION: Mapping[str, int | str] = MappingProxyType(
    {
        "hidden_size": WIDTH,
        "intermediate_size": 4 * WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "image_size": IMAGE_SIZE,
        "patch_size": PATCH,
        "hidden_act": "gelu",
    }
)
"""The vision tower, the same in both: the captioner begins with the one that CLIP has learned."""


def new_clip(tokenizer: CLIPTokenizer) -> CLIPModel:
    """An untrained CLIP: two towers of width 192 that meet in 256 numbers."""
    ids = {"bos_token_id": BOS, "eos_token_id": EOS, "pad_token_id": PAD}
    config = CLIPConfig(
        vision_config=dict(_VISION),
        text_config={
            "vocab_size": len(tokenizer),
            "hidden_size": WIDTH,
            "intermediate_size": 4 * WIDTH,
            "num_hidden_layers": TEXT_LAYERS,
            "num_attention_heads": HEADS,
            "max_position_embeddings": TEXT_LENGTH,
            "hidden_act": "gelu",
            **ids,
        },
        projection_dim=256,
    )
    return CLIPModel(config)


def new_blip(tokenizer: BertTokenizer) -> BlipForConditionalGeneration:
    """An untrained BLIP captioner: CLIP's vision tower in size, and a decoder of four layers of width 256."""
    config = BlipConfig(
        vision_config=dict(_VISION),
        text_config={
            "vocab_size": len(tokenizer),
            "hidden_size": DECODER_WIDTH,
            "encoder_hidden_size": WIDTH,
            "intermediate_size": 4 * DECODER_WIDTH,
            "num_hidden_layers": 4,
            "num_attention_heads": 4,
            "max_position_embeddings": DECODER_LENGTH,
            "hidden_act": "gelu",
            "bos_token_id": tokenizer.cls_token_id,
            "eos_token_id": tokenizer.sep_token_id,
            "sep_token_id": tokenizer.sep_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        },
        projection_dim=256,
        image_text_hidden_size=256,
    )
    return BlipForConditionalGeneration(config)


def _positions(rows: int, width: int) -> torch.Tensor:
    """Sines and cosines of row and column, (rows * rows + 1, width), zero for the class token, as in MoCo v3."""
    rates = 1.0 / 100 ** (torch.arange(width // 4) / (width // 4))
    row, column = torch.meshgrid(torch.arange(rows).float(), torch.arange(rows).float(), indexing="ij")
    angles = [place.reshape(-1, 1) * rates for place in (row, column)]
    table = torch.cat([wave(angle) for angle in angles for wave in (torch.sin, torch.cos)], dim=1)
    return torch.cat([torch.zeros(1, width), table])


def _principal(images: torch.Tensor) -> torch.Tensor:
    """The directions in which patches are strongest, each scaled to even strength: (width, 3, patch, patch).

    Of the moments about zero, not about the mean: the projection has no bias, and what patches share would drown the rest.
    """
    patches = torch.nn.functional.unfold(images, PATCH, stride=PATCH).transpose(1, 2).flatten(0, 1)
    values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
    strength = values[-WIDTH:].clamp(min=0) + 0.02 * values[-WIDTH:].mean()
    directions: torch.Tensor = (0.5 * vectors[:, -WIDTH:] / strength.sqrt()).T.reshape(WIDTH, 3, PATCH, PATCH)
    return directions


def prepared(clip: CLIPModel, images: torch.Tensor) -> CLIPModel:
    """The CLIP with a start for its vision tower that suits few pictures: patches by the principal components of those in
    `images`, waves as positions, attention to what is alike.

    Queries times keys begin near the identity, values times output near its negative (Trockman and Kolter, "Mimetic
    initialization of self-attention layers", 2023).
    """
    tower = clip.vision_model
    width, heads = WIDTH, HEADS
    size = width // heads
    with torch.no_grad():
        tower.embeddings.patch_embedding.weight.copy_(_principal(images))
        tower.embeddings.position_embedding.weight.copy_(0.3 * _positions(IMAGE_SIZE // PATCH, width))
        for layer in tower.encoder.layers:
            attention = layer.self_attn
            for head in range(heads):
                part = slice(head * size, (head + 1) * size)
                u, s, v = torch.linalg.svd(0.7 * torch.randn(width, width) / width**0.5 + 0.7 * torch.eye(width))
                root = s[:size].sqrt()
                attention.q_proj.weight[part] = (u[:, :size] * root).T
                attention.k_proj.weight[part] = v[:size] * root[:, None]
            u, s, v = torch.linalg.svd(0.4 * torch.randn(width, width) / width**0.5 - 0.4 * torch.eye(width))
            attention.v_proj.weight.copy_(s.sqrt()[:, None] * v)
            attention.out_proj.weight.copy_(u * s.sqrt())
    return clip


def vision_from_clip(blip: BlipForConditionalGeneration, clip: CLIPModel) -> None:
    """Give BLIP's vision tower the weights of CLIP's, but the norm before the layers, which BLIP lacks."""
    source: Any = clip.vision_model
    target: Any = blip.vision_model
    with torch.no_grad():
        target.embeddings.class_embedding.copy_(source.embeddings.class_embedding.view_as(target.embeddings.class_embedding))
        target.embeddings.patch_embedding.weight.copy_(source.embeddings.patch_embedding.weight)
        target.embeddings.patch_embedding.bias.zero_()
        positions = source.embeddings.position_embedding.weight
        target.embeddings.position_embedding.copy_(positions.view_as(target.embeddings.position_embedding))
        layers: list[tuple[Any, Any]] = list(zip(target.encoder.layers, source.encoder.layers, strict=True))
        for ours, theirs in layers:
            attention = theirs.self_attn
            parts = (attention.q_proj, attention.k_proj, attention.v_proj)
            ours.self_attn.qkv.weight.copy_(torch.cat([part.weight for part in parts]))
            ours.self_attn.qkv.bias.copy_(torch.cat([part.bias for part in parts]))
            ours.self_attn.projection.load_state_dict(attention.out_proj.state_dict())
            ours.layer_norm1.load_state_dict(theirs.layer_norm1.state_dict())
            ours.layer_norm2.load_state_dict(theirs.layer_norm2.state_dict())
            ours.mlp.load_state_dict(theirs.mlp.state_dict())
        target.post_layernorm.load_state_dict(source.post_layernorm.state_dict())


def _processing() -> dict[str, Any]:
    """How processors bring a picture to the square: fitted into it, then "cut" to it, which fills with black."""
    return {
        "do_resize": True,
        "size": {"max_height": IMAGE_SIZE, "max_width": IMAGE_SIZE},
        "do_center_crop": True,
        "crop_size": {"height": IMAGE_SIZE, "width": IMAGE_SIZE},
        "resample": 2,
        "image_mean": list(MEAN),
        "image_std": list(STD),
    }


def save_clip(model: CLIPModel, tokenizer: CLIPTokenizer, folder: Path) -> None:
    """Write an ordinary `from_pretrained` folder in half precision. The model is turned into half precision by this."""
    folder.mkdir(parents=True, exist_ok=True)
    images = CLIPImageProcessorPil(**_processing())
    model.half().save_pretrained(folder, safe_serialization=True)
    tokenizer.model_max_length = TEXT_LENGTH
    CLIPProcessor(images, tokenizer).save_pretrained(folder)


def save_blip(model: BlipForConditionalGeneration, tokenizer: BertTokenizer, folder: Path) -> None:
    """Write an ordinary `from_pretrained` folder in half precision. The model is turned into half precision by this."""
    folder.mkdir(parents=True, exist_ok=True)
    images = BlipImageProcessorPil(**_processing())
    model.half().save_pretrained(folder, safe_serialization=True)
    tokenizer.model_max_length = DECODER_LENGTH
    BlipProcessor(images, tokenizer).save_pretrained(folder)
