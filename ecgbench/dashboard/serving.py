"""Streamlit's command, in a process that gets ready for its first visitor as soon as it serves.

python -m ecgbench.dashboard.serving run SCRIPT [what `streamlit run` takes]
"""

from __future__ import annotations

import gc
import os
import threading
import time

from streamlit import runtime
from streamlit.web.cli import main

from ecgbench.default_store import DEFAULT_STORE, STORE_VARIABLE

LOOK_SECONDS = 0.05


def get_ready_when_served() -> None:
    """Wait until the server is there, then get ready; imports before that would keep it from coming up."""
    while not runtime.exists():
        time.sleep(LOOK_SECONDS)
    from ecgbench.dashboard.readiness import get_ready

    get_ready(os.environ.get(STORE_VARIABLE, DEFAULT_STORE))
    gc.freeze()  # Streamlit collects garbage after each script, and would go through all that was imported: half of what a click takes


if __name__ == "__main__":
    threading.Thread(target=get_ready_when_served, name="getting ready", daemon=True).start()
    main(prog_name="streamlit")
