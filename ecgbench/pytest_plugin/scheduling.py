"""How pytest-xdist hands out items: those of one picture go to one worker, which decodes it once."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController


def picture_of(node_id: str) -> str:
    """Return what items have in common that share a picture; a test that has none is alone.

    >>> picture_of("scans/a.png::edges.canny[sigma=0.5]"), picture_of("demo::00001-0001::edges.canny")
    ('scans/a.png', 'demo::00001-0001')
    >>> picture_of("tests/test_mine.py::test_it[scans/a.png::edges.canny]"), picture_of("tests/test_mine.py::test_it[1]")
    ('tests/test_mine.py::test_it[scans/a.png', 'tests/test_mine.py::test_it[1]')
    """
    path, _, rest = node_id.partition("::")
    names, _, params = rest.partition("[")
    if path.endswith(".py"):
        case, separator, _ = params.rpartition("::")
        return f"{path}::{names}[{case}" if separator else node_id
    case, _, _ = names.rpartition("::")
    return f"{path}::{case}" if case else path


class PictureScheduling(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist is not typed
    """Hands out pictures, in turn, to whoever is free; an item on which a worker crashes is not tried again."""

    def _split_scope(self, nodeid: str) -> str:
        return picture_of(nodeid)

    def mark_test_complete(self, node: WorkerController, item_index: int, duration: float = 0) -> None:
        """Note that an item is done, and forget pictures that are: what is counted at each item stays short."""
        picture = self._split_scope(self.registered_collections[node][item_index])
        super().mark_test_complete(node, item_index, duration)
        if all(self.assigned_work[node][picture].values()):
            del self.assigned_work[node][picture]

    def remove_node(self, node: WorkerController) -> str | None:
        """Take back what a worker had in hand and return the item on which it crashed, None where it had nothing left to do.

        The class above would give the crashed item to the next worker, and so on, until none is left.
        """
        left = {picture: items for picture, items in self.assigned_work.pop(node).items() if not all(items.values())}
        crashed: str | None = next((item for items in left.values() for item, done in items.items() if not done), None)
        if crashed is None:
            return None
        left[self._split_scope(crashed)][crashed] = True
        self.workqueue.update({picture: items for picture, items in left.items() if not all(items.values())})
        for other in self.assigned_work:
            self._reschedule(other)
        return crashed
