"""Whole numbers in as few bytes as they need: seven bits a byte, the lowest first, the eighth says that more follow."""

LONGEST = 10  # bytes of a 64-bit number


def varint(number: int) -> bytes:
    """A number ≥ 0."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def read_varint(content: bytes, place: int) -> tuple[int, int]:
    """The number at `place`, and the place after it. Raises ValueError when none ends there."""
    number = 0
    for shift, byte in enumerate(content[place : place + LONGEST]):
        number |= (byte & 127) << 7 * shift
        if byte < 128:
            return number, place + shift + 1
    raise ValueError(f"byte {place:,} begins no whole number")
