"""A meeting room as coloured polygons in space, for the demo's pictures.

Metres; x to the right, y away from the door, z up; the floor is z = 0. The same scene is projected flat for the photos and
onto a sphere for the 360 picture, so that both show one room.
"""

from dataclasses import dataclass

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Face:
    """A flat polygon with its colour. ``layer`` 0 is the shell (walls, floor), 1 lies on the shell, 2 is furniture."""

    points: tuple[Point, ...]
    colour: tuple[int, int, int]
    layer: int = 2


@dataclass(frozen=True)
class Palette:
    """The colours of one room."""

    wall: tuple[int, int, int]
    floor: tuple[int, int, int]
    table: tuple[int, int, int]
    chair: tuple[int, int, int]

    @classmethod
    def tint(cls, hue: tuple[int, int, int]):
        """A calm palette around one colour."""
        return cls(
            mix(hue, (255, 255, 255), 0.84),
            mix(hue, (255, 255, 255), 0.58),
            mix(hue, (255, 255, 255), 0.18),
            mix(hue, (44, 56, 80), 0.62),
        )


def mix(colour, other, share):
    """``colour`` with ``share`` (0 to 1) of ``other``."""
    return tuple(round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))


@dataclass(frozen=True)
class RoomShape:
    """Width, depth and height in metres, and how the room is furnished: board, u, theatre or class."""

    width: float
    depth: float
    height: float
    layout: str


def scene(shape: RoomShape, palette: Palette) -> list[Face]:
    """All faces of the room: shell, windows, screen, carpet, lamps, furniture."""
    return [*_shell(shape, palette), *_fittings(shape, palette), *_furniture(shape, palette)]


def box(low: Point, high: Point, colour, layer=2) -> list[Face]:
    """The visible faces of a box: top light, sides darker, no bottom."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    side, dark, top = mix(colour, (0, 0, 0), 0.10), mix(colour, (0, 0, 0), 0.20), mix(colour, (255, 255, 255), 0.22)
    return [
        Face(((x0, y0, z0), (x1, y0, z0), (x1, y0, z1), (x0, y0, z1)), side, layer),
        Face(((x0, y1, z0), (x1, y1, z0), (x1, y1, z1), (x0, y1, z1)), side, layer),
        Face(((x0, y0, z0), (x0, y1, z0), (x0, y1, z1), (x0, y0, z1)), dark, layer),
        Face(((x1, y0, z0), (x1, y1, z0), (x1, y1, z1), (x1, y0, z1)), dark, layer),
        Face(((x0, y0, z1), (x1, y0, z1), (x1, y1, z1), (x0, y1, z1)), top, layer),
    ]


def _shell(shape, palette):
    w, d, h = shape.width / 2, shape.depth / 2, shape.height
    shade = mix(palette.wall, (60, 80, 120), 0.07)
    return [
        Face(((-w, -d, 0), (w, -d, 0), (w, d, 0), (-w, d, 0)), palette.floor, 0),
        Face(((-w, -d, h), (w, -d, h), (w, d, h), (-w, d, h)), (250, 251, 253), 0),
        Face(((-w, d, 0), (w, d, 0), (w, d, h), (-w, d, h)), palette.wall, 0),
        Face(((-w, -d, 0), (w, -d, 0), (w, -d, h), (-w, -d, h)), palette.wall, 0),
        Face(((-w, -d, 0), (-w, d, 0), (-w, d, h), (-w, -d, h)), shade, 0),
        Face(((w, -d, 0), (w, d, 0), (w, d, h), (w, -d, h)), shade, 0),
    ]


def _fittings(shape, palette):
    w, d, h = shape.width / 2, shape.depth / 2, shape.height
    faces = [
        Face(
            ((-w * 0.7, -d * 0.8, 0.01), (w * 0.7, -d * 0.8, 0.01), (w * 0.7, d * 0.8, 0.01), (-w * 0.7, d * 0.8, 0.01)),
            mix(palette.floor, palette.table, 0.16),
            1,
        )
    ]
    # A skirting board, then the screen on the far wall with a frame.
    faces.append(_on_wall_y(d - 0.02, -w, w, 0, 0.12, mix(palette.floor, (40, 50, 70), 0.25)))
    faces.append(_on_wall_y(d - 0.03, -w * 0.42, w * 0.42, h * 0.36, h * 0.86, (52, 66, 92)))
    faces.append(_on_wall_y(d - 0.04, -w * 0.40, w * 0.40, h * 0.38, h * 0.84, mix(palette.table, (255, 255, 255), 0.45)))
    faces.append(_on_wall_y(d - 0.05, -w * 0.30, -w * 0.05, h * 0.66, h * 0.70, (255, 255, 255)))
    faces.append(_on_wall_y(d - 0.05, -w * 0.30, w * 0.12, h * 0.58, h * 0.61, (240, 245, 252)))
    # The door on the near wall.
    faces.append(_on_wall_y(-d + 0.03, w * 0.45, w * 0.45 + 1.0, 0, 2.1, mix(palette.table, (90, 70, 50), 0.45)))
    windows = max(2, round(shape.depth / 3))
    for side in (-1, 1):
        x = side * (w - 0.03)
        for index in range(windows):
            y0 = -d + (index + 0.22) * shape.depth / windows
            y1 = -d + (index + 0.78) * shape.depth / windows
            faces.append(_on_wall_x(x, y0, y1, 0.9, h - 0.5, (255, 255, 255)))
            faces.append(_on_wall_x(x * 0.998, y0 + 0.08, y1 - 0.08, 0.98, h - 0.58, (198, 222, 246)))
            faces.append(_on_wall_x(x * 0.997, (y0 + y1) / 2 - 0.03, (y0 + y1) / 2 + 0.03, 0.98, h - 0.58, (255, 255, 255)))
    for index in range(windows):
        y = -d + (index + 0.5) * shape.depth / windows
        for x in (-w * 0.45, w * 0.45):
            lamp = (
                (x - 0.6, y - 0.15, h - 0.02),
                (x + 0.6, y - 0.15, h - 0.02),
                (x + 0.6, y + 0.15, h - 0.02),
                (x - 0.6, y + 0.15, h - 0.02),
            )
            faces.append(Face(lamp, (255, 250, 228), 1))
    return faces


def _on_wall_y(y, x0, x1, z0, z1, colour):
    return Face(((x0, y, z0), (x1, y, z0), (x1, y, z1), (x0, y, z1)), colour, 1)


def _on_wall_x(x, y0, y1, z0, z1, colour):
    return Face(((x, y0, z0), (x, y1, z0), (x, y1, z1), (x, y0, z1)), colour, 1)


def _chair(x, y, colour, facing):
    """A chair at ``x, y``; ``facing`` is where its back is not: n s e w."""
    back = {
        "n": ((-0.24, -0.26), (0.24, -0.18)),
        "s": ((-0.24, 0.18), (0.24, 0.26)),
        "e": ((-0.26, -0.24), (-0.18, 0.24)),
        "w": ((0.18, -0.24), (0.26, 0.24)),
    }[facing]
    (bx0, by0), (bx1, by1) = back
    return [
        *box((x - 0.24, y - 0.24, 0.38), (x + 0.24, y + 0.24, 0.47), colour),
        *box((x + bx0, y + by0, 0.47), (x + bx1, y + by1, 0.95), mix(colour, (255, 255, 255), 0.12)),
    ]


def _furniture(shape, palette):
    builder = {"board": _board, "u": _u_shape, "theatre": _theatre, "class": _class}[shape.layout]
    return builder(shape.width / 2, shape.depth / 2, palette)


def _steps(low, high, step):
    count = max(1, int((high - low) / step))
    gap = (high - low) / count
    return [low + gap * (i + 0.5) for i in range(count)]


def _board(w, d, palette):
    tw, td = w * 0.34, d * 0.56
    faces = box((-tw, -td, 0.68), (tw, td, 0.76), palette.table) + box(
        (-tw * 0.6, -td * 0.9, 0), (tw * 0.6, td * 0.9, 0.68), mix(palette.table, (0, 0, 0), 0.25), 1
    )
    for y in _steps(-td, td, 0.85):
        faces += _chair(-tw - 0.42, y, palette.chair, "e") + _chair(tw + 0.42, y, palette.chair, "w")
    return faces + _chair(0, -td - 0.45, palette.chair, "n")


def _u_shape(w, d, palette):
    tw, td = w * 0.5, d * 0.5
    faces = box((-tw, td - 0.7, 0.66), (tw, td, 0.76), palette.table)
    for side in (-1, 1):
        low, high = sorted((side * tw, side * (tw - 0.7)))
        faces += box((low, -td, 0.66), (high, td - 0.7, 0.76), palette.table)
        for y in _steps(-td, td - 0.9, 0.9):
            faces += _chair(side * (tw + 0.4), y, palette.chair, "w" if side > 0 else "e")
    return faces


def _theatre(w, d, palette):
    faces = box((-w * 0.3, d * 0.62, 0), (w * 0.3, d * 0.86, 0.3), mix(palette.table, (255, 255, 255), 0.3))
    faces += box((w * 0.12, d * 0.66, 0.3), (w * 0.24, d * 0.72, 1.35), palette.table)
    for y in _steps(-d * 0.82, d * 0.45, 1.1):
        for x in [*_steps(-w * 0.82, -w * 0.08, 0.72), *_steps(w * 0.08, w * 0.82, 0.72)]:
            faces += _chair(x, y, palette.chair, "n")
    return faces


def _class(w, d, palette):
    faces = box((-w * 0.18, d * 0.66, 0), (w * 0.18, d * 0.76, 0.9), palette.table)
    for y in _steps(-d * 0.8, d * 0.45, 1.5):
        for low, high in ((-w * 0.8, -w * 0.1), (w * 0.1, w * 0.8)):
            faces += box((low, y + 0.25, 0.66), (high, y + 0.7, 0.74), palette.table)
            for x in _steps(low, high, 0.75):
                faces += _chair(x, y, palette.chair, "n")
    return faces
