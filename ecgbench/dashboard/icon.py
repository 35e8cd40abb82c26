"""The icon of the browser's tab, drawn here: Streamlit fetches its own icons from a host elsewhere."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from PIL import Image

SIDE = 64  # pixels
BEAT = [(4, 36), (18, 36), (24, 30), (30, 36), (34, 36), (38, 8), (43, 54), (47, 36), (60, 36)]  # P wave, QRS complex, baseline


@cache
def icon() -> Image.Image:
    """Return a beat in blue on white, of SIDE pixels."""
    picture = np.full((SIDE, SIDE, 3), 255, np.uint8)
    cv2.polylines(picture, [np.array(BEAT, np.int32)], False, (0, 114, 178), 5, cv2.LINE_AA)
    return Image.fromarray(picture)
