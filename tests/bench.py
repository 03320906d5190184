"""`make bench`: every figure as a ratio within one run on one machine. Each part is a `bench_*.py` beside this file."""

from __future__ import annotations

import runpy
from pathlib import Path


def main() -> None:
    """Run the `main()` of every `bench_*.py`, in order of name."""
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        print(f"== {path.stem.removeprefix('bench_')}", flush=True)
        runpy.run_path(str(path))["main"]()


if __name__ == "__main__":
    main()
