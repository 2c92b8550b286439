"""Line wrapping and abbreviation as Masterminds/goutils does it: in bytes, whatever the letters are.

Input and output: bytes of Go strings.
"""


def wrap(line: bytes, width: int, newline: bytes, *, break_words: bool) -> bytes:
    """Wrap at spaces so that lines have at most `width` bytes; longer words are cut only with
    `break_words`.
    """
    width = max(width, 1)
    newline = newline or b"\n"
    offset = 0
    out: list[bytes] = []
    while len(line) - offset > width:
        if line[offset : offset + 1] == b" ":
            offset += 1
            continue
        space = line.rfind(b" ", offset, offset + width + 1)
        if space >= offset:
            out += [line[offset:space], newline]
            offset = space + 1
        elif break_words:
            out += [line[offset : offset + width], newline]
            offset += width
        else:
            space = line.find(b" ", offset + width)
            if space < 0:
                break
            out += [line[offset:space], newline]
            offset = space + 1
    out.append(line[offset:])
    return b"".join(out)


def abbreviate(line: bytes, offset: int, width: int) -> bytes:
    """goutils.AbbreviateFull: at most `width` bytes, "..." for what is left out; empty when too narrow."""
    if not line or width < 4:
        return b""
    if len(line) <= width:
        return line
    offset = min(offset, len(line))
    if len(line) - offset < width - 3:
        offset = len(line) - (width - 3)
    if offset <= 4:
        return line[: width - 3] + b"..."
    if width < 7:
        return b""
    if offset + width - 3 < len(line):
        return b"..." + abbreviate(line[offset:], 0, width - 3)
    return b"..." + line[len(line) - (width - 3) :]
