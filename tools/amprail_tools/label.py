"""The label of a device, for a label printer: 62 mm x 29 mm (Brother DK-11209), SVG and PNG.

The PNG has that printer's 300 dots an inch. Both are the same rectangles and lines of text.
"""

import os
from html import escape
from pathlib import Path

from amprail_tools import Failure
from amprail_tools.identity import Identity, grouped

WIDTH_MM, HEIGHT_MM = 62, 29
DOTS_PER_MM = 300 / 25.4
QUIET_MM = 2.5
QR_MM = 25
TEXT_AT_MM = 30

# (distance of the baseline from the top, height, bold), in mm
LINES = (
    (5.4, 3.1, True),
    (9.4, 2.4, False),
    (14.6, 2.1, False),
    (18.2, 3.0, True),
    (23.0, 2.1, False),
    (26.6, 2.4, True),
)


def write_label(identity: Identity, folder: Path) -> list[Path]:
    """Writes NAME.svg and NAME.png, readable by nobody else: they hold the device's secrets.

    Failure if it cannot.
    """
    import segno

    code = segno.make(identity.wifi_code, error="m", micro=False)
    modules = [bytes(row) for row in code.matrix_iter(border=0)]
    texts = _texts(identity)
    paths = [folder / f"{identity.name}.svg", folder / f"{identity.name}.png"]
    try:
        for path, content in zip(paths, (_svg(modules, texts), _png(modules, texts)), strict=True):
            _write(path, content)
    except OSError as error:
        raise Failure(f"label: {path}: {error.strerror}: make room and flash again") from None
    return paths


def _write(path, content):
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with open(part, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(content)
    part.replace(path)


def _texts(identity):
    return (
        identity.name,
        identity.address.removeprefix("http://"),
        "Wi-Fi password (or scan)",
        identity.wifi_password,
        "claim code",
        grouped(identity.claim),
    )


def _squares(modules):
    """(x, y, side) in mm of each black module."""
    side = QR_MM / len(modules)
    top = (HEIGHT_MM - QR_MM) / 2
    for y, row in enumerate(modules):
        for x, black in enumerate(row):
            if black:
                yield QUIET_MM + x * side, top + y * side, side


def _svg(modules, texts):
    path = "".join(f"M{x:.3f} {y:.3f}h{s:.3f}v{s:.3f}h-{s:.3f}z" for x, y, s in _squares(modules))
    lines = "".join(
        f'<text x="{TEXT_AT_MM}" y="{y}" font-size="{size}"{_weight(bold)}>{escape(text)}</text>\n'
        for (y, size, bold), text in zip(LINES, texts, strict=True)
    )
    size = f'width="{WIDTH_MM}mm" height="{HEIGHT_MM}mm" viewBox="0 0 {WIDTH_MM} {HEIGHT_MM}"'
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="DejaVu Sans, sans-serif">\n'
    )
    svg += f'<rect width="{WIDTH_MM}" height="{HEIGHT_MM}" fill="#fff"/>\n<path d="{path}"/>\n'
    return (svg + lines + "</svg>\n").encode()


def _weight(bold):
    return ' font-weight="bold"' if bold else ""


def _png(modules, texts):
    from io import BytesIO

    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("1", (_dots(WIDTH_MM), _dots(HEIGHT_MM)), 1)
    draw = ImageDraw.Draw(picture)
    scale = int(QR_MM * DOTS_PER_MM / len(modules))  # whole dots, or a reader sees crooked modules
    left, top = _dots(QUIET_MM), (picture.height - scale * len(modules)) // 2
    for y, row in enumerate(modules):
        for x, black in enumerate(row):
            if black:
                at = left + x * scale, top + y * scale
                draw.rectangle((at, (at[0] + scale - 1, at[1] + scale - 1)), fill=0)
    for (y, size, bold), text in zip(LINES, texts, strict=True):
        font = ImageFont.truetype(str(_font(bold)), _dots(size))
        draw.text((_dots(TEXT_AT_MM), _dots(y)), text, fill=0, font=font, anchor="ls")
    file = BytesIO()
    picture.save(file, "PNG", dpi=(300, 300))
    return file.getvalue()


def _dots(mm):
    return round(mm * DOTS_PER_MM)


# matplotlib, which draws the plots of `sim`, brings it.
def _font(bold):
    import matplotlib

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name
