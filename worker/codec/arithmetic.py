"""A binary adaptive range coder: each decision costs what its context has found it to be worth.

The interval [low, low + range) shrinks with each bit in the share that the bit's probability has; what is written are
the leading bytes that all numbers in it have in common. Probabilities are the counts of what was seen so far, in
integers alone, so that every machine decodes what another one encoded.

Martin: Range encoding (1979). Krichevsky, Trofimov: The performance of universal encoding (1981).
"""

from typing import Protocol

TOP, BOTTOM = 1 << 40, 1 << 32  # the range lies in (BOTTOM, TOP] between two bits
SEEN = 1 << 14  # bits after which a context forgets half of what it knows


class Bits:
    """Bits seen in each of `contexts` contexts: each estimates its next bit by (ones + ½) / (total + 1)."""

    def __init__(self, contexts: int) -> None:
        self.ones, self.totals = [0] * contexts, [0] * contexts

    def forget(self, context: int) -> None:
        self.ones[context] >>= 1
        self.totals[context] >>= 1


class Coder(Protocol):
    """Writes decisions, or reads them back: what models them is written once for both."""

    def bit(self, bits: Bits, context: int, value: int = 0) -> int:
        """The decision: `value` when writing, what was written when reading."""


class Encoder:
    """Writes decisions."""

    def __init__(self) -> None:
        self._low, self._range, self._out = 0, TOP, bytearray()

    def bit(self, bits: Bits, context: int, value: int = 0) -> int:
        ones, total = bits.ones[context], bits.totals[context]
        bound = self._range * (2 * ones + 1) // (2 * total + 2)
        if value:
            self._range = bound
            bits.ones[context] = ones + 1
        else:
            self._low += bound
            self._range -= bound
        bits.totals[context] = total + 1
        if total >= SEEN:
            bits.forget(context)
        while self._range <= BOTTOM:
            self._shift()
        return value

    def finish(self) -> bytes:
        """Everything written, with as few last bytes as tell the interval; zeros at the end are left out."""
        for kept in range(1, 6):
            rest = (1 << 8 * (5 - kept)) - 1
            if (number := (self._low + rest) & ~rest) < self._low + self._range:
                break
        self._low = number
        for _ in range(kept):
            self._shift()
        return bytes(self._out).rstrip(b"\0")

    def _shift(self) -> None:
        if self._low >= TOP:
            self._carry()
        self._out.append(self._low >> 32)
        self._low = (self._low & (BOTTOM - 1)) << 8
        self._range <<= 8

    def _carry(self) -> None:
        self._low -= TOP
        place = len(self._out) - 1
        while self._out[place] == 255:
            self._out[place] = 0
            place -= 1
        self._out[place] += 1


class Decoder:
    """Reads decisions back. Beyond the end of `data` lie zeros; what is not its own gives arbitrary decisions."""

    def __init__(self, data: bytes) -> None:
        self._data, self._place, self._range = data, 5, TOP
        self._number = int.from_bytes(data[:5].ljust(5, b"\0"), "big")

    def bit(self, bits: Bits, context: int, value: int = 0) -> int:
        ones, total = bits.ones[context], bits.totals[context]
        bound = self._range * (2 * ones + 1) // (2 * total + 2)
        if self._number < bound:
            self._range = bound
            bits.ones[context] = ones + 1
            value = 1
        else:
            self._number -= bound
            self._range -= bound
            value = 0
        bits.totals[context] = total + 1
        if total >= SEEN:
            bits.forget(context)
        while self._range <= BOTTOM:
            byte = self._data[self._place] if self._place < len(self._data) else 0
            self._number = self._number << 8 | byte
            self._range <<= 8
            self._place += 1
        return value
