"""The command `lathe`: calls the client and prints the answers."""

import sys
from collections.abc import Sequence

from client.cli.arguments import parser
from client.cli.show import say_error
from client.errors import LatheError
from client.lathe import Lathe

MISUSED, INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit code: 0, or 2 when the server or the arguments do not allow it. `run --watch`
    and `watch` return a code for the state of the runs: see `client.cli.watching`."""
    asked = parser().parse_args(arguments)
    try:
        with Lathe(asked.url) as lathe:
            code: int = asked.do(lathe, asked)
            return code
    except LatheError as error:
        say_error(error)
        return MISUSED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # `lathe runs | head`
        sys.stderr.close()
        return MISUSED
