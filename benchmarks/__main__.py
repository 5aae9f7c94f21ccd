"""`make bench`: one benchmark after the other, as Markdown. Name some to run only those; `--list` says how long each takes."""

import ast
import sys
from functools import partial
from importlib import import_module
from pathlib import Path
from time import monotonic

from benchmarks import watch

MINUTES = {
    "exactness": 10.0,
    "training": 5.0,
    "augmentation": 5.0,
    "tiers": 15.0,
    "auto_batch": 5.0,
    "diagnosis": 2.0,
    "points": 2.0,
    "latency": 4.0,
    "long_run": 20.0,
    "many_runs": 1.0,
    "steering": 2.0,
    "studies": 8.0,
    "tradeoffs": 2.0,
    "latency_trust": 4.0,
    "compression": 8.0,
    "deep_compression": 30.0,
    "constrained": 2.0,
    "distillation": 5.0,
    "zoo": 10.0,
}
"""Usual time of each on two cores, minutes."""
NAMES = tuple(MINUTES)


def main() -> int:
    requested = sys.argv[1:]
    if requested == ["--list"]:
        print("\n".join(f"{name:<17} {usually(name):>6}  {summary(name)}" for name in NAMES))
        return 0
    unknown = set(requested) - set(NAMES)
    if unknown:
        sys.exit(f"no benchmark is called {', '.join(sorted(unknown))}; known: {', '.join(NAMES)}")
    codes = []
    for name in requested or NAMES:
        print(f"\n{name}, usually {usually(name)}", file=sys.stderr, flush=True)
        began = monotonic()
        codes.append(watch.run(partial(measure, name)))
        print(f"\n{name} took {watch.duration(monotonic() - began)}", file=sys.stderr, flush=True)
        if codes[-1] == watch.INTERRUPTED:
            break
    return max(codes, key=abs)


def measure(name: str) -> int | None:
    """Run the benchmark as by `python -m benchmarks.NAME`."""
    sys.argv = [name]
    code: int | None = import_module(f"benchmarks.{name}").main()
    return code


def usually(name: str) -> str:
    return watch.duration(60 * MINUTES[name])


def summary(name: str) -> str:
    """The first line of its description, read without importing it."""
    text = ast.get_docstring(ast.parse(Path(__file__).with_name(f"{name}.py").read_text())) or ""
    return text.partition("\n")[0]


if __name__ == "__main__":
    sys.exit(main())
