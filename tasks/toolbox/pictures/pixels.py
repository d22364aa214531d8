"""Pixels without a plotting library: arrays as PNG files that stand inside the page."""

import base64
import struct
import zlib

import numpy as np

#: The two hues of the shaded tables, for weights above and below zero.
ABOVE, BELOW = (11, 122, 140), (201, 92, 20)
LEVELS = 16


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(indices: np.ndarray, palette: np.ndarray) -> bytes:
    """A PNG file of palette colours.

    indices : (H, W) uint8      positions in the palette
    palette : (P, 4) uint8      red, green, blue, opacity; P <= 256
    """
    height, width = indices.shape
    rows = np.zeros((height, width + 1), np.uint8)  # each row starts with its filter: none
    rows[:, 1:] = indices
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"PLTE", palette[:, :3].tobytes())
        + _chunk(b"tRNS", palette[:, 3].tobytes())
        + _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9))
        + _chunk(b"IEND", b"")
    )


def data_uri(file: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(file).decode("ascii")


def digit(image: np.ndarray) -> str:
    """One (28, 28) image, ink on nothing, as a data URI; values 0..1 or 0..255."""
    ink = image.astype(float) / (255.0 if image.dtype.kind in "iu" or image.max() > 1 else 1.0)
    steps = np.rint(np.clip(np.nan_to_num(ink), 0, 1) * 15).astype(np.uint8)
    palette = np.array([(35, 33, 29, 17 * step) for step in range(16)], np.uint8)
    return data_uri(png(steps, palette))


def signed(rows: np.ndarray, most: float) -> tuple[np.ndarray, np.ndarray]:
    """Numbers as palette indices: one hue above zero, one below, the more opaque the larger.

    rows    : (H, W) float   nan shows nothing
    most    : float          size that is fully opaque
    returns : (H, W) uint8 indices, (33, 4) uint8 palette; index 16 is zero
    """
    share = np.clip(np.nan_to_num(rows / most if most > 0 else rows * 0.0), -1, 1)
    palette = [(*(ABOVE if step > 0 else BELOW), round(255 * abs(step) / LEVELS)) for step in range(-LEVELS, LEVELS + 1)]
    return (np.rint(share * LEVELS) + LEVELS).astype(np.uint8), np.array(palette, np.uint8)


def weights(columns: np.ndarray, across: int = 16, most_units: int = 64) -> tuple[bytes, int]:
    """First-layer weights as one composed image: a 28 x 28 tile for each of the units with the largest weights.

    columns : (784, H) float
    returns : the PNG file, and how many units it shows
    """
    columns = np.nan_to_num(columns.astype(float))
    order = np.argsort(-np.linalg.norm(columns, axis=0), kind="stable")[:most_units]
    tiles = columns[:, order].T.reshape(-1, 28, 28)
    across = min(across, len(tiles))
    down = -(-len(tiles) // across)
    sheet = np.zeros((down * 30 - 2, across * 30 - 2))
    for k, tile in enumerate(tiles):
        y, x = 30 * (k // across), 30 * (k % across)
        size = np.abs(tile).max()
        sheet[y : y + 28, x : x + 28] = tile / size if size > 0 else 0.0
    return png(*signed(sheet, 1.0)), len(tiles)
