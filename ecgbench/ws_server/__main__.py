"""`python -m ecgbench.ws_server`: the server with the settings of `ecgbench serve`."""

from __future__ import annotations

import sys


def main() -> None:
    """Serve as the command line says."""
    from importlib import import_module

    import_module("ecgbench.cli").main(["serve", *sys.argv[1:]])  # by name: the command line stands above the server


if __name__ == "__main__":
    main()
