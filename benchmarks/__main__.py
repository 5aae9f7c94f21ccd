"""`make bench`: each benchmark in a process of its own, one after the other, as Markdown. Name some to run only those."""

import subprocess
import sys

NAMES = (
    "exactness",
    "training",
    "augmentation",
    "auto_batch",
    "diagnosis",
    "points",
    "latency",
    "steering",
    "studies",
    "tradeoffs",
    "compression",
    "deep_compression",
    "constrained",
    "distillation",
    "zoo",
)


def main() -> int:
    chosen = sys.argv[1:] or NAMES
    unknown = set(chosen) - set(NAMES)
    if unknown:
        sys.exit(f"no benchmark is called {', '.join(sorted(unknown))}; known: {', '.join(NAMES)}")
    codes = [subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode for name in chosen]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
