"""Pixels without a plotting library: arrays as PNG files that stand inside the page."""

import base64
import struct
import zlib

import numpy as np

#: The two hues of the shaded tables, for weights above and below zero.
ABOVE, BELOW = (11, 122, 140), (201, 92, 20)
LEVELS = 16
ACROSS = 4  # tiles in a row
SIDE = 252  # pixels on the page of four tiles in a row
PNG = "data:image/png;base64,"


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
    return PNG + base64.b64encode(file).decode("ascii")


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


def smooth(tiles: np.ndarray) -> np.ndarray:
    """Images, each pixel averaged with its neighbours: what a unit looks for shows, and the noise of single pixels less."""
    for axis in (1, 2):
        padded = np.pad(tiles, [(0, 0), *((1, 1) if k == axis else (0, 0) for k in (1, 2))], mode="edge")
        parts = [np.take(padded, range(k, k + 28), axis) for k in range(3)]
        tiles = (parts[0] + 2 * parts[1] + parts[2]) / 4
    return tiles


def weights(columns: np.ndarray) -> bytes:
    """First-layer weights as one image: a tile of 28 x 28 for each unit, smoothed a little, four in a row.

    columns : (784, H) float
    """
    tiles = smooth(np.nan_to_num(columns.astype(float)).T.reshape(-1, 28, 28))
    sheet = np.zeros((-(-len(tiles) // ACROSS) * 30 - 2, ACROSS * 30 - 2))
    for k, tile in enumerate(tiles):
        y, x = 30 * (k // ACROSS), 30 * (k % ACROSS)
        size = np.abs(tile).max()
        sheet[y : y + 28, x : x + 28] = tile / size if size > 0 else 0.0
    return png(*signed(sheet, 1.0))
