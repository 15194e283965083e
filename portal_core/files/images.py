"""Pictures from outside are decoded and written anew, so that nothing but pixels is kept.

What people upload carries the place where it was taken, the owner's name, and sometimes a script behind the picture's end.
Only the pixels are copied. The kind is decided by the content; the name and the type that the browser sent count for nothing.
"""

import io
import threading
from dataclasses import dataclass

from PIL import Image, ImageCms, ImageOps

from portal_core.errors import Invalid
from portal_core.i18n import _

EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
# A camera's JPEG with a second picture inside (a depth map) is called MPO; its first picture is an ordinary JPEG.
_TYPES = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_SAVING = {
    "image/jpeg": ("JPEG", {"quality": 86, "optimize": True}),
    "image/png": ("PNG", {"compress_level": 6}),
    "image/webp": ("WEBP", {"quality": 84}),
}

# Pixels that may be decoded: a telephone's largest photo and no more, because a header can claim any size.
MAX_PIXELS = 8192 * 6144
MAX_SIDES = (4096, 4096)
PANORAMA_SIDES = (8192, 4096)
# A panorama shows the whole sphere: 360 by 180 degrees. Stitching programs cut off a row or two.
_PANORAMA_RATIO = (1.9, 2.1)

# A decoded picture takes up to 200 MB for a moment; the threads of the server shall not all do that at once.
_decoding = threading.BoundedSemaphore(2)


@dataclass(frozen=True)
class Picture:
    """A picture written by us. ``width`` and ``height`` are pixels."""

    data: bytes
    content_type: str
    width: int
    height: int


def normalise(data: bytes, panorama: bool = False) -> Picture:
    """Decode ``data`` and encode its pixels anew: upright, in sRGB, within ``MAX_SIDES`` (``PANORAMA_SIDES``), without metadata.

    Raises Invalid (message only) when it is no JPEG, PNG or WebP, is damaged, claims too many pixels, or is no full panorama.
    """
    with _decoding:
        image = _open(data)
        content_type = _TYPES[image.format or ""]
        sides = PANORAMA_SIDES if panorama else MAX_SIDES
        image = _decode(image, sides)
        if panorama and not _PANORAMA_RATIO[0] <= image.width / image.height <= _PANORAMA_RATIO[1]:
            raise Invalid(_("A 360° picture must be twice as wide as it is high."))
        image.thumbnail(sides, Image.Resampling.LANCZOS)
        return _encode(image, content_type)


def shrink(data: bytes, width: int) -> bytes:
    """A copy of a picture that ``normalise`` wrote, ``width`` pixels wide, in the same format."""
    with _decoding:
        image = Image.open(io.BytesIO(data))
        content_type = _TYPES[image.format or ""]
        image.draft(image.mode, (width, width))
        height = max(1, round(image.height * width / image.width))
        return _encode(image.resize((width, height), Image.Resampling.LANCZOS), content_type).data


def _open(data: bytes) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP"))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large() from None
    except Exception:
        # Pillow's readers raise nearly anything for a header that was made to confuse them.
        raise Invalid(_("The content is not a picture (JPEG, PNG or WebP).")) from None
    if image.width * image.height > MAX_PIXELS:
        raise _too_large()
    return image


def _decode(image: Image.Image, sides) -> Image.Image:
    try:
        # A JPEG can be decoded at half its size at once, which saves most of the memory; others ignore this.
        image.draft("RGB", sides)
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
        return _srgb(_plain_mode(image))
    except Exception:
        # As above: a picture that breaks off, lies about its length or repeats a chunk ends in many kinds of exceptions.
        raise Invalid(_("The picture is damaged or incomplete.")) from None


def _plain_mode(image: Image.Image) -> Image.Image:
    """RGB, or RGBA where something is transparent, whatever the file's own palette or depth."""
    if image.mode == "I;16":
        # Sixteen bits a pixel: keep the upper eight, where conversion would cut off everything bright.
        image = image.point(lambda value: value / 256, "L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _srgb(image: Image.Image) -> Image.Image:
    """Colours of a wide-gamut telephone photo as sRGB, because the profile is not kept."""
    profile = image.info.get("icc_profile")
    if not profile:
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB")) or image
    except (ImageCms.PyCMSError, OSError):
        return image  # A profile that cannot be read or does not fit its picture tells nothing.


def _encode(image: Image.Image, content_type: str) -> Picture:
    name, options = _SAVING[content_type]
    if content_type == "image/jpeg" and image.mode != "RGB":
        image = image.convert("RGB")
    # Pillow would write comments, profiles and text chunks that it remembers here.
    image.info = {}
    target = io.BytesIO()
    image.save(target, name, **options)
    return Picture(target.getvalue(), content_type, image.width, image.height)


def _too_large() -> Invalid:
    return Invalid(_("The picture has too many pixels (at most ${max} million).", mapping={"max": MAX_PIXELS // 1_000_000}))
