"""The client's commands of `lathe`: they call the client and print the answers."""

import sys
from argparse import Namespace

from client.cli.show import say_error
from client.errors import LatheError
from client.lathe import Lathe

MISUSED, INTERRUPTED = 2, 130


def obey(options: Namespace) -> int:
    """Runs a command that `client.cli.arguments` has read, and returns its exit code: 0, or 2 when the server or the arguments
    do not allow it. `run --watch` and `watch` return a code for the state of the runs: see `client.cli.watching`."""
    try:
        with Lathe(options.url) as lathe:
            code: int = options.do(lathe, options)
            return code
    except LatheError as error:
        say_error(error)
        return MISUSED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # `lathe runs | head`
        sys.stderr.close()
        return MISUSED
