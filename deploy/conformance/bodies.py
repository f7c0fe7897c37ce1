"""Bodies of HTTP messages as they come: in pieces, none of them larger than `PIECE`."""

from collections.abc import Iterator
from io import BufferedIOBase

PIECE = 1 << 16
_LONGEST_LINE = 1 << 12


class Unfinished(Exception):
    """The sender went away, or talks nonsense, before the body was complete."""


def counted(source: BufferedIOBase, length: str) -> Iterator[bytes]:
    """Read a body of this length, as Content-Length spells it.

    >>> import io
    >>> list(counted(io.BytesIO(b"abcdef"), "4"))
    [b'abcd']
    """
    yield from _pieces(source, _number(length, 10))


def chunked(source: BufferedIOBase) -> Iterator[bytes]:
    r"""Read a body that comes in chunks (RFC 9112, section 7.1), without its trailers.

    >>> import io
    >>> list(chunked(io.BytesIO(b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n")))
    [b'abc', b'de']
    """
    while size := _number(_line(source).partition(b";")[0].decode("latin-1"), 16):
        yield from _pieces(source, size)
        _line(source)
    while _line(source).strip():
        pass


def chunk(piece: bytes) -> bytes:
    r"""Write a chunk; an empty one ends the body.

    >>> chunk(b"abc"), chunk(b"")
    (b'3\r\nabc\r\n', b'0\r\n\r\n')
    """
    return b"%x\r\n%s\r\n" % (len(piece), piece)


def _pieces(source: BufferedIOBase, left: int) -> Iterator[bytes]:
    while left:
        try:
            piece = source.read1(min(left, PIECE))
        except OSError as error:
            raise Unfinished from error
        if not piece:
            raise Unfinished
        yield piece
        left -= len(piece)


def _line(source: BufferedIOBase) -> bytes:
    try:
        line = source.readline(_LONGEST_LINE)
    except OSError as error:
        raise Unfinished from error
    if not line.endswith(b"\n"):
        raise Unfinished
    return line


def _number(text: str, base: int) -> int:
    try:
        number = int(text, base)
    except ValueError as error:
        raise Unfinished from error
    if number < 0:
        raise Unfinished
    return number
