"""Lock every dependency with hashes: `make lock`. Needs `uv`; reads pyproject.toml, writes the files beside this one.

base.lock   what the server needs, and the client that comes with it
worker.lock what the worker needs on top, except torch
build.lock  what builds the front end and the wheel
dev.lock    what tests and linters need on top
torch.lock  torch alone, because it comes in two builds: for CUDA from the registry, for CPU where one is at hand
cuda.lock   what the CUDA build needs on top; installed only when that build was
"""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent
# The CPU build's wheel for CPython 3.11 on x86-64; the registry's own hashes are found by uv.
TORCH_CPU_HASH = "sha256:6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b"
CUDA = re.compile(r"^(nvidia-|cuda-|triton\b)")

Pins = dict[str, str]  # "name==version ; marker" -> its block of the requirements file


def compile_pins(*extras: str, groups: Iterable[str] = ()) -> Pins:
    command = ["uv", "pip", "compile", "pyproject.toml", "--universal", "--python-version", "3.11", "--generate-hashes"]
    command += ["--no-header", "--no-annotate", "--quiet", *(f"--extra={extra}" for extra in extras)]
    command += [f"--group={group}" for group in groups]
    text = subprocess.run(command, cwd=HERE.parent, check=True, capture_output=True, text=True).stdout
    blocks = re.split(r"\n(?=[a-z])", text.strip())
    return {block.partition(" \\")[0]: block for block in blocks}  # a name can have two pins, by Python version


def write(name: str, pins: Pins) -> None:
    (HERE / name).write_text("\n".join(pins[key] for key in sorted(pins)) + "\n")


def main() -> None:
    base, run = compile_pins("server"), compile_pins("server", "worker")
    build = compile_pins("server", "worker", groups=["build"])
    everything = compile_pins("server", "worker", groups=["build", "dev"])
    torch = {pin for pin in run if pin.startswith("torch==")}
    cuda = {pin for pin in run if CUDA.match(pin)}
    write("torch.lock", {pin: run[pin] + f" \\\n    --hash={TORCH_CPU_HASH}" for pin in torch})
    write("cuda.lock", {pin: run[pin] for pin in cuda})
    write("base.lock", base)
    write("worker.lock", {pin: run[pin] for pin in run.keys() - base.keys() - cuda - torch})
    write("build.lock", {pin: build[pin] for pin in build.keys() - run.keys()})
    write("dev.lock", {pin: everything[pin] for pin in everything.keys() - build.keys()})


if __name__ == "__main__":
    main()
