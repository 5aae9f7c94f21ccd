"""Deflate without its envelope, and back with a limit."""

import zlib

RAW = -zlib.MAX_WBITS


def pack(content: bytes, dictionary: bytes = b"") -> bytes:
    """The smallest of what deflate's strategies make of `content`; `dictionary` holds strings that are likely in it."""
    packers = (
        zlib.compressobj(6, zlib.DEFLATED, RAW, 9, strategy, *([dictionary] if dictionary else []))
        for strategy in (zlib.Z_DEFAULT_STRATEGY, zlib.Z_HUFFMAN_ONLY, zlib.Z_FILTERED)
    )
    return min((packer.compress(content) + packer.flush() for packer in packers), key=len)


def unpack(packed: bytes, size: int, dictionary: bytes = b"") -> bytes:
    """The content, `size` bytes. Raises ValueError when it is anything else, without unpacking more than that."""
    unpacker = zlib.decompressobj(RAW, *([dictionary] if dictionary else []))
    try:
        content = unpacker.decompress(packed, size + 1) if size else b""
    except zlib.error as error:
        raise ValueError(f"a deflated part is damaged ({error})") from error
    if len(content) != size:
        raise ValueError(f"a deflated part holds other than the {size:,} bytes that were told")
    return content
