"""The colours of runs: told apart with any kind of colour vision, on light and on dark ground.

Chosen by search: the ten whose smallest distance in OKLab, as seen with normal vision and without each kind of
cone, is largest among colours with a contrast of at least 3 : 1 against both grounds (WCAG 2.2, 1.4.11).
"""

COLORS = (
    "#4090f8",
    "#f06860",
    "#589800",
    "#a838c0",
    "#187880",
    "#d81078",
    "#707028",
    "#8040f8",
    "#b088a0",
    "#c858c8",
)
DASHES = ("solid", "dash", "dot", "dashdot")


def color(place: int) -> str:
    """The colour of the run at this place, `#rrggbb`; places count from 1."""
    return COLORS[(place - 1) % len(COLORS)]


def dash(place: int) -> str:
    """The line style that tells runs of the same colour apart."""
    return DASHES[(place - 1) // len(COLORS) % len(DASHES)]
