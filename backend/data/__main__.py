"""The check in a process of its own: `python -m backend.data FOLDER OPTIONS` answers in JSON on its standard output.

A file that needs more memory or time than is granted ends this process, and nothing else.
"""

import errno
import gc
import json
import resource
import sys
from pathlib import Path

from backend.data.check import check
from backend.data.faults import FileInvalid
from backend.data.options import Options

MEMORY = 2 << 30  # bytes; files that are mapped do not count
SECONDS = 1800  # of one processor


def main() -> None:
    folder, options = sys.argv[1:]
    gc.disable()  # a check makes millions of lists and no cycle
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))  # SIGXCPU before SIGKILL: it tells time from memory
    answer = _answer(Path(folder), Options.model_validate_json(options))
    sys.stdout.write(json.dumps(answer, allow_nan=False))


def _answer(folder: Path, options: Options) -> dict[str, object]:
    try:
        return {"facts": check(folder, options).model_dump(mode="json")}
    except FileInvalid as error:
        return {"problem": str(error), "path": error.path}
    except MemoryError:
        return {"problem": "The check of the file takes too much memory: send a smaller file.", "path": "file"}
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        return {"full": True}


if __name__ == "__main__":
    main()
