"""Colors of the dashboard, light and dark: a palette that people who are color-blind can tell apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# Okabe and Ito, Color Universal Design, 2008, without its yellow and black, which vanish on one ground or the other.
PALETTE: Sequence[str] = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c8c8c")
INK = "#7b8794"  # of lines and words within charts: read on both grounds
BETTER, WORSE, NEUTRAL = "#0072b2", "#d55e00", "#8c8c8c"  # blue and vermilion: told apart by everybody, unlike green and red

_LIGHT = {"primaryColor": "#0067a3", "backgroundColor": "#ffffff", "secondaryBackgroundColor": "#f3f6f8", "textColor": "#1b2733"}
_DARK = {"primaryColor": "#2d85c6", "backgroundColor": "#11161c", "secondaryBackgroundColor": "#1b232c", "textColor": "#e4eaf0"}

THEME: Mapping[str, str | bool] = {
    **{f"theme.light.{name}": color for name, color in _LIGHT.items()},
    **{f"theme.dark.{name}": color for name, color in _DARK.items()},
}
