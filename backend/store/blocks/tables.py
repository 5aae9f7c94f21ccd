"""Tables of blocks. A run's points up to the last event of its last block are in blocks, later ones in events.

A block's columns are written before its row, and deleted some time after it. Without the row they do not count.
"""

from sqlalchemy import BigInteger, ForeignKey, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.store.tables import Table

__all__ = ["Block", "Column", "Compactor", "Table"]  # the last with all there are


class Block(Table):
    """Some events of kind `points` that follow each other, with no rewind between them."""

    __tablename__ = "blocks"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    first_seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    last_seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    events: Mapped[int] = mapped_column(Integer)
    size: Mapped[int] = mapped_column(BigInteger)  # bytes of its numbers, before they were packed
    first_step: Mapped[int] = mapped_column(BigInteger)
    last_step: Mapped[int] = mapped_column(BigInteger)  # less than the first in a block without any
    directory: Mapped[bytes] = mapped_column(LargeBinary)
    sparse: Mapped[bytes] = mapped_column(LargeBinary)
    offsets: Mapped[bytes] = mapped_column(LargeBinary)


class Column(Table):
    """One metric in one block. `coarse` and `fine` are its pyramid, empty where its steps do not rise."""

    __tablename__ = "block_columns"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    first_seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    last_seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    points: Mapped[int] = mapped_column(BigInteger)
    coarse: Mapped[bytes] = mapped_column(LargeBinary)
    fine: Mapped[bytes] = mapped_column(LargeBinary)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class Compactor(Table):
    """The server that compacts: the only row there is."""

    __tablename__ = "compactors"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    holder: Mapped[str | None] = mapped_column(String(36))
    beat: Mapped[int] = mapped_column(BigInteger, default=0)  # a counter, never a clock
