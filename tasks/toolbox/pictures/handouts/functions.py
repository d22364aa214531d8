"""Figures of functions, of what a network consists of, and of its products: stages 01 to 07, and 15. None needs the images."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from ... import closed_form
from .canvas import BAND, DASHED, DOTTED, EDGE, FIRST, INK, RULE, SECOND, SOFT, THIRD, Axes, Sheet


def he() -> Sheet:
    """01: how large a signal is behind each of ten layers, for three sizes of the weights."""
    sheet = Sheet(230)
    axes = Axes(sheet, (58, 24, 288, 190), (0, 10), (1e-4, 1e4), log_y=True)
    axes.frame(
        {layer: str(layer) for layer in range(0, 11, 2)},
        {10.0**k: name for k, name in ((-4, "0.0001"), (-2, "0.01"), (0, "1"), (2, "100"), (4, "10,000"))},
        "layers passed",
        "root mean square of the signal",
    )
    for factor, name, colour, dash in (
        (2, "2 times He", SECOND, DASHED),
        (1, "He", FIRST, ""),
        (0.5, "half of He", THIRD, DOTTED),
    ):
        rng = np.random.default_rng(0)
        h = rng.normal(size=(100, 300))
        sizes = [1.0]
        for _ in range(10):
            h = closed_form.rectified(h @ rng.normal(0, factor * np.sqrt(2 / 300), (300, 300)))
            sizes.append(float(np.sqrt(np.mean(h**2))))
        axes.line(range(11), sizes, colour, dash=dash)
        axes.note(10, sizes[-1], name, colour)
    return sheet


def corner() -> Sheet:
    """02: ReLU and its slope."""
    sheet = Sheet(190)
    left = Axes(sheet, (26, 30, 168, 150), (-2, 2), (-0.8, 2))
    right = Axes(sheet, (204, 30, 346, 150), (-2, 2), (-0.8, 2))
    for axes, title in ((left, "relu(x)"), (right, "its slope")):
        axes.frame({-2: "-2", 0: "0", 2: "2"}, {0: "0", 1: "1", 2: "2"}, "x")
        sheet.text(axes.left, 16, title, INK, 12, bold=True)
    for slope in (0.25, 0.5, 0.75):
        reach = 1.4
        left.line([-reach, reach], [-reach * slope, reach * slope], EDGE, 0.8, DASHED)
    left.line([-2, 0, 2], [0, 0, 2], FIRST, 2.4)
    left.sheet.dot(*left.at(0, 0), FIRST, 3.5)
    right.line([-2, 0], [0, 0], SECOND, 2.4)
    right.line([0, 2], [1, 1], SECOND, 2.4)
    sheet.dot(*right.at(0, 0), SECOND, 3.5)
    x, y = right.at(0, 1)
    sheet.dot(x, y, SECOND, 3.5)
    sheet.dot(x, y, "var(--sheet)", 2)
    return sheet


def bends() -> Sheet:
    """02: a curve, and the sums of one, three and eight ReLUs that come nearest to it."""
    sheet = Sheet(190)
    x = np.linspace(0, 1, 121)
    curve = np.sin(2 * np.pi * x)
    for k, count in enumerate((0, 3, 8)):
        axes = Axes(sheet, (10 + 116 * k, 40, 114 + 116 * k, 160), (0, 1), (-1.25, 1.25))
        at = np.linspace(0, 1, count + 2)[1:-1]
        units = np.stack([np.ones_like(x), x, *(closed_form.rectified(x - knot) for knot in at)], axis=1)
        fit = units @ np.linalg.lstsq(units, curve, rcond=None)[0]
        axes.line(x[::3], curve[::3], EDGE, 1.2, DASHED)
        axes.line(x[::3], fit[::3], FIRST, 2.2)
        axes.line([0, 1], [-1.25, -1.25], RULE, 1)
        sheet.text(axes.left, 22, ("no ReLU", "3 ReLUs", "8 ReLUs")[k], INK, 12, bold=True)
    sheet.text(10, 180, "dashed: the curve; full: the nearest sum", SOFT, 11)
    return sheet


def shift() -> Sheet:
    """03: two rows of logits that differ by a number, their exps, and their shares."""
    sheet = Sheet(236)
    names = ("logits", "exp", "shares")
    for side, logits in enumerate((np.array([2.0, 1.0, -1.0]), np.array([0.0, -1.0, -3.0]))):
        left = 14 + 176 * side
        sheet.text(left, 18, ("z", "z - 2: the maximum is 0")[side], INK, 12, bold=True)
        exps = np.exp(logits)
        rows = (logits / 3, exps / 8, exps / exps.sum())
        for down, (name, lengths, values) in enumerate(zip(names, rows, (logits, exps, exps / exps.sum()))):
            top = 32 + 68 * down
            sheet.text(left, top + 8, name, SOFT, 11)
            zero = left + 62 if name == "logits" else left + 12
            for k, (length, value) in enumerate(zip(lengths, values)):
                y, wide = top + 13 + 15 * k, 50 * float(length) if name == "logits" else 100 * float(length)
                sheet.box(min(zero, zero + wide), y, max(abs(wide), 0.6), 11, (FIRST, SECOND, THIRD)[k])
                places = 0 if name == "logits" else 3
                beside = max(zero, zero + wide) + 4
                sheet.text(beside, y + 9.5, f"{value:.{places}f}", INK, 10)
            sheet.line([(zero, top + 11), (zero, top + 58)], EDGE, 1)
    return sheet


def surprise() -> Sheet:
    """04: -log p."""
    sheet = Sheet(230)
    axes = Axes(sheet, (34, 26, 344, 190), (0, 1), (0, 5))
    axes.frame(
        {k / 10: f"{k / 10:g}" for k in range(0, 11, 2)},
        {k: str(k) for k in range(6)},
        "p, the probability of the true class",
        "-log p, in nats",
    )
    p = np.concatenate([np.linspace(0.0068, 0.1, 24), np.linspace(0.12, 1, 30)])
    axes.line(p, -np.log(p), FIRST, 2.2)
    for at, told in ((0.01, "0.01: 4.605"), (0.1, "0.1: 2.303, guessing among ten"), (0.5, "0.5: 0.693"), (0.9, "0.9: 0.105")):
        axes.dots([at], [-np.log(at)], FIRST, 3.5)
        axes.note(at, -np.log(at), told, INK, 8, -6 if at < 0.9 else -8, "start" if at < 0.9 else "middle")
    return sheet


def eps() -> Sheet:
    """05: the error of a measured slope by the step, to one side and to both, for x * x * x at 1."""
    sheet = Sheet(244)
    axes = Axes(sheet, (52, 26, 344, 190), (1e-14, 1), (1e-12, 1e1), log_x=True, log_y=True)
    axes.frame(
        {10.0**k: f"1e{k}" for k in (-14, -11, -8, -5, -2)},
        {10.0**k: f"1e{k}" for k in range(-12, 1, 3)},
        "eps",
        "error of the slope of x³ at 1",
    )

    def f(x: float) -> float:
        return x * x * x

    steps = [10 ** (-k / 2) for k in range(1, 28)]
    one = [abs((f(1 + e) - f(1)) / e - 3) for e in steps]
    both = [abs((f(1 + e) - f(1 - e)) / (2 * e) - 3) for e in steps]
    axes.line(steps, np.maximum(one, 1e-12), SECOND, 1.8, DASHED)
    axes.line(steps, np.maximum(both, 1e-12), FIRST, 2)
    axes.note(1e-3, 3e-3, "one side", SECOND, -4, -8, "end")
    axes.note(1e-4, 1e-8, "both sides", FIRST, 8, 10)
    axes.note(1e-12, 3e-6, "rounding", SOFT, 0, 26)
    axes.note(1, 1e-11, "step too long", SOFT, -2, 4, "end")
    return sheet


def secants() -> Sheet:
    """05: the slope of a curve at a point, and those measured to one side and to both."""
    sheet = Sheet(220)
    axes = Axes(sheet, (20, 20, 340, 180), (-0.1, 2.0), (-0.6, 4.2))

    def f(x: float) -> float:
        return x**3 / 2

    x, e = 1.0, 0.7
    grid = np.linspace(-0.1, 2.0, 50)
    axes.line(grid, [f(value) for value in grid], INK, 2)
    lines: list[tuple[str, str, float, str]] = [
        ("one side", SECOND, (f(x + e) - f(x)) / e, DASHED),
        ("both sides", FIRST, (f(x + e) - f(x - e)) / (2 * e), ""),
        ("the slope itself", THIRD, 1.5 * x**2, DOTTED),
    ]
    for k, (name, colour, slope, dash) in enumerate(lines):
        axes.line([x - 0.62, x + 0.82], [f(x) - 0.62 * slope, f(x) + 0.82 * slope], colour, 1.6, dash)
        sheet.line([(26, 26 + 17 * k), (52, 26 + 17 * k)], colour, 1.8, dash)
        sheet.text(58, 30 + 17 * k, f"{name}: {slope:.2f}", INK, 11)
    for place in (x - e, x, x + e):
        axes.dots([place], [f(place)], INK, 3)
        across = axes.at(place, 0)[0]
        sheet.text(across, 205, {x - e: "x - eps", x: "x", x + e: "x + eps"}[place], SOFT, 11, "middle")
        sheet.line([axes.at(place, f(place)), (across, 192)], RULE, 1, DOTTED)
    return sheet


def network() -> Sheet:
    """06: the layers of the network for the digits, and how many numbers each has."""
    sheet = Sheet(214)
    sizes = (784, 128, 64, 10)
    places = [20.0 + 100 * k for k in range(4)]
    heights = [float(24 * np.log2(size) - 54) * 0.78 for size in sizes]
    middle = 104.0
    count = sum(a * b + b for a, b in pairwise(sizes))
    for k in range(3):
        x0, x1, h0, h1 = places[k] + 20, places[k + 1], heights[k], heights[k + 1]
        corners = [(x0, middle - h0 / 2), (x1, middle - h1 / 2), (x1, middle + h1 / 2), (x0, middle + h0 / 2)]
        sheet.polygon(corners, BAND, 0.35)
        numbers = sizes[k] * sizes[k + 1] + sizes[k + 1]
        sheet.text((x0 + x1) / 2, middle - 4, "Linear", INK, 11, "middle", bold=True)
        sheet.text((x0 + x1) / 2, middle + 11, f"{numbers:,}", INK, 11, "middle")
        if k < 2:
            sheet.text(x1 + 10, middle + h1 / 2 + 15, "ReLU", SECOND, 11, "middle", bold=True)
    for x, height, size, name in zip(places, heights, sizes, ("pixels", "units", "units", "logits")):
        sheet.box(x, middle - height / 2, 20, height, FIRST, round_by=3)
        sheet.text(x + 10, middle - height / 2 - 20, str(size), INK, 12, "middle", bold=True)
        sheet.text(x + 10, middle - height / 2 - 7, name, SOFT, 10, "middle")
    share = (sizes[0] * sizes[1] + sizes[1]) / count
    sheet.text(180, 204, f"{count:,} numbers in all, {share:.0%} of them in the first layer", SOFT, 11, "middle")
    return sheet


def graph() -> Sheet:
    """07: a chain of single numbers, with the value of each on the way there and its gradient on the way back."""
    x, w, b, v = 3.0, 0.5, -0.5, 2.0
    product = w * x
    shifted = product + b
    h = max(shifted, 0.0)
    s = v * h
    p = 1 / (1 + np.exp(-s))
    loss = -np.log(p)
    ds = p - 1
    dh, dv = v * ds, h * ds
    dz = dh * (shifted > 0)
    rows: list[tuple[str, float, float, str, float, float]] = [
        ("times w", product, dz, "w", w, x * dz),
        ("plus b", shifted, dz, "b", b, dz),
        ("ReLU", h, dh, "", 0, 0),
        ("times v", s, ds, "v", v, dv),
        ("-log p", loss, 1.0, "", 0, 0),
    ]
    sheet = Sheet(380)
    sheet.text(150, 20, "value, forward", FIRST, 11, "end", bold=True)
    sheet.text(212, 20, "gradient, back", SECOND, 11, "start", bold=True)
    sheet.box(156, 32, 50, 26, "none", EDGE, 13)
    sheet.text(181, 49, "x", INK, 12, "middle", bold=True)
    sheet.text(150, 49, f"{x:g}", FIRST, 12, "end", bold=True)
    sheet.text(212, 49, f"{w * dz:.3f}", SECOND, 12, bold=True)
    for k, (name, value, gradient, parameter, held, its) in enumerate(rows):
        top = 94 + 62 * k
        sheet.arrow((172, top - 36), (172, top - 1), FIRST)
        sheet.arrow((190, top - 1), (190, top - 35), SECOND)
        sheet.box(146, top, 70, 26, "none", INK, 5)
        sheet.text(181, top + 17, name, INK, 12, "middle", bold=True)
        sheet.text(139, top + 17, f"{value:.3g}", FIRST, 12, "end", bold=True)
        sheet.text(223, top + 17, f"{gradient:.3g}" if gradient == 1 else f"{gradient:.3f}", SECOND, 12, bold=True)
        if parameter:
            sheet.box(20, top, 26, 26, "none", EDGE, 13)
            sheet.text(33, top + 17, parameter, INK, 12, "middle", bold=True)
            sheet.arrow((48, top + 9), (96, top + 9), FIRST)
            sheet.arrow((96, top + 17), (48, top + 17), SECOND)
            sheet.text(72, top + 3, f"{held:g}", FIRST, 12, "middle", bold=True)
            sheet.text(72, top + 32, f"{its:.3f}", SECOND, 12, "middle", bold=True)
    return sheet


def products() -> Sheet:
    """15: the multiplications of the nine products of a step, and the one that nobody needs."""
    sizes, rows = (784, 128, 64, 10), 64
    sheet = Sheet(216)
    axes = Axes(sheet, (96, 14, 300, 176), (0, 7), (0, 9))
    axes.frame({n: str(n) for n in range(0, 8, 2)}, {}, "million multiplications in a step of 64 rows")
    for k, (inputs, units) in enumerate(pairwise(sizes)):
        millions = rows * inputs * units / 1e6
        for j, name in enumerate(("forward", "dW", "dx")):
            down, spare = 18 + 18 * (3 * k + j), k == 0 and name == "dx"
            sheet.text(90, down + 10, f"{name}, {inputs} to {units}", INK, 10, "end", bold=spare)
            end = axes.at(millions, 0)[0]
            sheet.box(axes.left, down, max(end - axes.left, 1), 13, SECOND if spare else FIRST, round_by=2)
            if spare or millions < 1:
                sheet.text(end + 5, down + 10.5, "nobody reads it" if spare else f"{millions:.2f}", INK, 10)
    sheet.line([(axes.left, 14), (axes.left, axes.bottom)], RULE, 1)
    return sheet


#: Stage -> name of the file -> what draws it.
FIGURES: dict[str, dict[str, Callable[[], Sheet]]] = {
    "01_linear": {"he": he},
    "02_relu": {"bends": bends, "corner": corner},
    "03_softmax": {"shift": shift},
    "04_cross_entropy": {"surprise": surprise},
    "05_gradient_check": {"secants": secants, "eps": eps},
    "06_network": {"network": network},
    "07_backprop": {"graph": graph},
    "15_fast": {"products": products},
}
