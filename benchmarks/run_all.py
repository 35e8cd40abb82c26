"""Run every benchmark in turn: what `make bench` does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHMARKS = ("startup", "throughput", "overhead", "store", "server", "methods", "dashboard")


def main() -> None:
    for name in BENCHMARKS:
        print(f"== {name}", flush=True)
        subprocess.run([sys.executable, str(Path(__file__).with_name(f"{name}.py"))], check=True)


if __name__ == "__main__":
    main()
