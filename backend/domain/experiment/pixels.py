"""The range of an image's pixels: the numbers that mean black and white."""

NOMINAL = 1.1  # a resized image overshoots a range that ends at 1 by up to a tenth
HALF = 0.5  # of a range is reached by some pixel of any collection of images


def pixel_range(dtype: str, least: float, greatest: float, whole: bool) -> tuple[float, float]:
    """Black and white of images whose numbers of type `dtype` lie between `least` and `greatest`; no pixel lies beyond.

    They are told from common ranges: 0 … 1, -1 … 1, and 0 … 2^bits - 1 of whole numbers. Else, as in images that were
    normalized before, they are the least and the greatest number.
    """
    largest = max(abs(least), abs(greatest))
    if HALF < largest <= NOMINAL:
        return (0.0 if least >= 0 else min(-1.0, least)), max(1.0, greatest)
    if least < 0 or least > HALF * greatest:
        return least, greatest if greatest > least else least + 1
    if dtype.startswith(("uint", "int", "bool")) or whole:
        return 0.0, _full_scale(greatest)
    return 0.0, 255.0 if HALF * 255 < greatest <= 255 else greatest or 1.0


def _full_scale(greatest: float) -> float:
    """The greatest number of as few bits as hold `greatest`; or itself, where it is the power of 2 after that."""
    bits = max(1, (int(greatest) - 1).bit_length())
    return float(max(2**bits - 1, greatest))
