"""One edge detector, as an example of a plugin package."""

from dataclasses import dataclass

import cv2
import numpy as np

from ecgbench import Box, EdgeMap, Gray, param, transformer

COARSER = (
    1.6  # ratio at which a difference of Gaussians comes closest to Marr and Hildreth's operator (appendix B of their paper)
)


@dataclass(frozen=True)
class HelloParams:
    """Parameters of `edges.hello`."""

    sigma: float = param(
        1.0, 0.5, 5.0, "standard deviation in px of the finer Gaussian: about half the width of the lines sought"
    )
    contrast: int = param(6, 1, 100, "gray levels by which a pixel must be darker than what surrounds it")


@transformer("edges.hello")
def hello(gray: Gray, p: HelloParams) -> EdgeMap:
    """Mark thin dark lines: trace, grid and letters.

    How it works: the page is smoothed by two Gaussians, sigma and 1.6 sigma wide; where the coarser one is brighter by more than the
    contrast, there is a dark line about two sigma wide. The content box holds all that was marked.
    What works: thin lines on white paper and on paper that darkens slowly, since only the surroundings of a pixel count
    (test_a_line_is_found_on_paper_that_darkens).
    What didn't work: the inside of thick ink is left out (test_only_the_rim_of_thick_ink_is_marked), and a single speck of dirt
    widens the content box to it (test_a_speck_widens_the_box).
    Changes: 0.1 first version.
    Limitations: bright lines on dark paper are not seen.
    References: D. Marr and E. Hildreth, Theory of Edge Detection, Proc. R. Soc. Lond. B 207, 1980.
    """
    fine = cv2.GaussianBlur(gray, (0, 0), p.sigma)
    coarse = cv2.GaussianBlur(gray, (0, 0), COARSER * p.sigma)
    darker = cv2.subtract(coarse, fine)  # stays at 0 where the page is not darker than its surroundings
    edges = darker > p.contrast
    return EdgeMap(edges, _box_of(edges))


def _box_of(edges: np.ndarray) -> Box | None:
    if not edges.any():
        return None
    return Box(*cv2.boundingRect(edges.astype(np.uint8)))
