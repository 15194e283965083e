"""Draws the demo's rooms: flat photos, a 360 picture and a floor plan, from one scene each. PNG bytes."""

import io
import math

from PIL import Image, ImageDraw

from portal_meetings.demo.scene import Palette, RoomShape, mix, scene

NEAR = 0.12
SMOOTH = 2  # Drawn this much larger and scaled down, because Pillow's polygons have hard edges.


def photo(shape: RoomShape, palette: Palette, *, corner: int = 0, size=(960, 640)) -> bytes:
    """A photo from one of four corners (0 to 3), eye height 1.65 m."""
    x = shape.width / 2 * (0.62 if corner % 2 else -0.62)
    y = shape.depth / 2 * (0.86 if corner >= 2 else -0.86)
    eye, target = (x, y, 1.75), (0.0, shape.depth * (-0.1 if corner >= 2 else 0.12), 1.0)
    width, height = size[0] * SMOOTH, size[1] * SMOOTH
    image = Image.new("RGB", (width, height), palette.wall)
    draw = ImageDraw.Draw(image)
    view = _view(eye, target)
    focal = width * 0.56
    for face in _far_to_near(scene(shape, palette), eye):
        seen = _clip([_turn(view, eye, p) for p in face.points])
        if len(seen) >= 3:
            points = [(width / 2 + focal * sx / depth, height / 2 - focal * up / depth) for sx, up, depth in seen]
            draw.polygon(points, fill=face.colour)
    return _png(image.resize(size, Image.Resampling.LANCZOS))


def panorama(shape: RoomShape, palette: Palette, *, size=(2048, 1024)) -> bytes:
    """An equirectangular picture from near the door, eye height 1.6 m, the far wall in the centre."""
    width, height = size[0] * SMOOTH, size[1] * SMOOTH
    eye = (-shape.width * 0.2, -shape.depth * 0.42, 1.6)
    image = Image.new("RGB", (width, height), palette.floor)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width, height // 2), fill=(250, 251, 253))
    for face in _far_to_near(scene(shape, palette), eye):
        if len({p[2] for p in face.points}) == 1 and face.layer == 0:
            continue  # Floor and ceiling surround the poles: they are the background.
        points = _sphere(face.points, eye, width, height)
        for shift in (-width, 0, width):
            draw.polygon([(px + shift, py) for px, py in points], fill=face.colour)
    return _png(image.resize(size, Image.Resampling.LANCZOS))


def plan(shape: RoomShape, palette: Palette, *, size=(960, 640)) -> bytes:
    """A floor plan seen from above: walls, door, windows and furniture."""
    width, height = size[0] * SMOOTH, size[1] * SMOOTH
    scale = min(width * 0.86 / shape.width, height * 0.86 / shape.depth)
    image = Image.new("RGB", (width, height), (255, 255, 255))
    draw = ImageDraw.Draw(image)

    def place(x, y):
        return width / 2 + x * scale, height / 2 - y * scale

    ink = (71, 81, 102)
    w, d = shape.width / 2, shape.depth / 2
    draw.rectangle((*place(-w, d), *place(w, -d)), fill=mix(palette.floor, (255, 255, 255), 0.6), outline=ink, width=10)
    for face in scene(shape, palette):
        flat = [place(x, y) for x, y, _z in face.points]
        if face.layer == 2 and len({z for _x, _y, z in face.points}) == 1:
            draw.polygon(flat, fill=mix(face.colour, (255, 255, 255), 0.25), outline=ink)
    draw.line((*place(-w * 0.42, d), *place(w * 0.42, d)), fill=palette.table, width=18)
    draw.line((*place(w * 0.45, -d), *place(w * 0.45 + 1.0, -d)), fill=(255, 255, 255), width=14)
    x0, y0 = place(w * 0.45, -d)
    draw.arc((x0 - scale, y0 - scale, x0 + scale, y0 + scale), 270, 360, fill=ink, width=4)
    for side in (-1, 1):
        windows = max(2, round(shape.depth / 3))
        for index in range(windows):
            low = place(side * w, -d + (index + 0.22) * shape.depth / windows)
            high = place(side * w, -d + (index + 0.78) * shape.depth / windows)
            draw.line((*low, *high), fill=(143, 190, 235), width=12)
    return _png(image.resize(size, Image.Resampling.LANCZOS))


def _png(image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _far_to_near(faces, eye):
    def distance(face):
        count = len(face.points)
        centre = [sum(p[axis] for p in face.points) / count for axis in range(3)]
        return math.dist(centre, eye)

    return sorted(faces, key=lambda f: (f.layer if f.layer < 2 else 2, -distance(f) if f.layer == 2 else 0))


def _view(eye, target):
    """Right, up and forward unit vectors of a camera at ``eye`` that looks at ``target``."""
    forward = _unit([t - e for t, e in zip(target, eye, strict=True)])
    right = _unit([forward[1], -forward[0], 0.0])
    up = [
        right[1] * forward[2] - right[2] * forward[1],
        right[2] * forward[0] - right[0] * forward[2],
        right[0] * forward[1] - right[1] * forward[0],
    ]
    return right, up, forward


def _unit(vector):
    length = math.hypot(*vector)
    return [v / length for v in vector]


def _turn(view, eye, point):
    offset = [p - e for p, e in zip(point, eye, strict=True)]
    return tuple(sum(a * b for a, b in zip(axis, offset, strict=True)) for axis in view)


def _clip(points):
    """The part of a polygon (camera coordinates) that lies beyond the near plane."""
    result = []
    for current, following in zip(points, points[1:] + points[:1], strict=True):
        if current[2] >= NEAR:
            result.append(current)
        if (current[2] >= NEAR) != (following[2] >= NEAR):
            share = (NEAR - current[2]) / (following[2] - current[2])
            result.append(tuple(a + (b - a) * share for a, b in zip(current, following, strict=True)))
    return result


def _sphere(points, eye, width, height, parts=24):
    """A polygon on the sphere around ``eye``: edges in short pieces, the longitude unwrapped so that it stays in one piece."""
    result, last = [], None
    for (x0, y0, z0), (x1, y1, z1) in zip(points, points[1:] + points[:1], strict=True):
        for step in range(parts):
            t = step / parts
            x, y, z = x0 + (x1 - x0) * t - eye[0], y0 + (y1 - y0) * t - eye[1], z0 + (z1 - z0) * t - eye[2]
            longitude = math.atan2(x, y)
            if last is not None:
                longitude += 2 * math.pi * round((last - longitude) / (2 * math.pi))
            last = longitude
            latitude = math.atan2(z, math.hypot(x, y))
            result.append((width / 2 + longitude / math.pi * width / 2, height / 2 - latitude / math.pi * height))
    return result
