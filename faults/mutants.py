"""Pictures of every format that is read, and what damage makes of them; all by seed."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 96, 64
SAVED: dict[str, tuple[str, str, dict[str, object]]] = {  # name -> Pillow's mode, format and options
    "png": ("RGB", "PNG", {}),
    "png_gray": ("L", "PNG", {}),
    "png_palette": ("P", "PNG", {"transparency": 1}),
    "png_alpha": ("RGBA", "PNG", {}),
    "png_bits": ("1", "PNG", {}),
    "jpeg": ("RGB", "JPEG", {"quality": 90}),
    "jpeg_progressive": ("RGB", "JPEG", {"progressive": True}),
    "jpeg_gray": ("L", "JPEG", {}),
    "jpeg_cmyk": ("CMYK", "JPEG", {}),
    "bmp": ("RGB", "BMP", {}),
    "bmp_palette": ("P", "BMP", {}),
    "tiff": ("RGB", "TIFF", {}),
    "tiff_lzw": ("RGB", "TIFF", {"compression": "tiff_lzw"}),
    "tiff_deflate": ("RGB", "TIFF", {"compression": "tiff_adobe_deflate"}),
    "tiff_jpeg": ("RGB", "TIFF", {"compression": "jpeg"}),
    "tiff_fax": ("1", "TIFF", {"compression": "group4"}),
    "webp": ("RGB", "WEBP", {}),
    "webp_lossless": ("RGBA", "WEBP", {"lossless": True}),
}


def originals() -> list[tuple[str, bytes]]:
    """Return a picture of each kind, encoded, by name."""
    x, y = np.meshgrid(np.linspace(0, 255, WIDTH), np.linspace(0, 255, HEIGHT))
    noise = np.random.default_rng(0).integers(0, 40, (HEIGHT, WIDTH, 3))
    whole = Image.fromarray(np.clip(np.dstack([x, y, 255 - x]) + noise, 0, 255).astype(np.uint8))
    return [(name, _encoded(whole.convert(mode), kind, options)) for name, (mode, kind, options) in SAVED.items()]


def _encoded(image: Image.Image, kind: str, options: dict[str, object]) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def mutants(count: int, *, seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """Yield so many damaged pictures, the kinds in turn, each with the name of its kind and its damage."""
    chance = random.Random(seed)
    whole = originals()
    damages = list(DAMAGES.items())
    for index in range(count):
        name, data = whole[index % len(whole)]
        kind, damage = damages[(index // len(whole)) % len(damages)]
        yield f"{name}.{kind}", damage(data, chance)


def _bits(data: bytes, chance: random.Random) -> bytes:
    made = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        made[chance.randrange(len(made))] ^= 1 << chance.randrange(8)
    return bytes(made)


def _head(data: bytes, chance: random.Random) -> bytes:
    made = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        made[chance.randrange(min(64, len(made)))] = chance.randrange(256)
    return bytes(made)


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _hole(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    end = min(len(data), start + chance.randint(1, 512))
    return data[:start] + bytes(end - start) + data[end:]


def _removed(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    return data[:start] + data[start + chance.randint(1, 64) :]


def _repeated(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    return data[:start] + data[max(0, start - chance.randint(1, 512)) :]


def _swapped(data: bytes, chance: random.Random) -> bytes:
    middle, end = sorted(chance.sample(range(1, len(data)), 2))
    return data[:middle] + data[end:] + data[middle:end]


DAMAGES = {
    "bits": _bits,
    "head": _head,
    "cut": _cut,
    "hole": _hole,
    "removed": _removed,
    "repeated": _repeated,
    "swapped": _swapped,
}
