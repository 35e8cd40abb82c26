"""A store of two runs of two methods over the same three pictures, filled by hand."""

import cv2
import numpy as np

from ecgbench.core.outcome import Environment, Outcome, Status, Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.plugins.pages import content_id
from ecgbench.registry import default_registry
from ecgbench.store import Store


def fill(location, folder):
    """Fill a store at `location` with runs "first" and "second", whose pictures are written to `folder`."""
    folder.mkdir()
    for index in range(3):
        page = np.full((90, 120 + index, 3), 255, np.uint8)
        cv2.rectangle(page, (10, 10), (100, 70), (0, 0, 0), 2)
        cv2.imwrite(str(folder / f"{'abc'[index]}.png"), page)
    cases = [
        CaseInfo(path.name, str(path), content_id(path.read_bytes()), record=path.stem, type="0001")
        for path in sorted(folder.iterdir())
    ]
    scores = [default_registry().scores[name] for name in ("wall_median_s", "content_box_iou")]
    with Store(location) as store:
        for name, cores, repeats in (("first", 2, 1), ("second", 4, 3)):
            plan = {"specs": [str(folder)], "methods": ["edges.canny", "edges.sobel"], "repeats": repeats}
            run = store.begin_run(name, plan=plan, environment=Environment({"cpu": "8080", "cores": cores}), scores=scores)
            store.add(run.id, [_outcome(method, case, i) for method in plan["methods"] for i, case in enumerate(cases)])
            store.finish_run(run.id)


def _outcome(name, case, index):
    method = default_registry().method(name)
    variant = Variant(name, method.task, method.version, method.source_hash, {}, "ecgbench")
    seconds = 0.01 + 0.001 * index
    scores = {"wall_median_s": seconds, "content_box_iou": 0.9 - 0.1 * index}
    return Outcome(variant, case, Status.DONE, seconds=(seconds,), cpu_seconds=(seconds,), scores=scores)
