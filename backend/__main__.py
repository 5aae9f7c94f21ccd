"""`python -m backend serve` answers requests; `python -m backend migrate` brings the database to the newest schema."""

import sys

import uvicorn

from backend.auth import Unsafe, keys
from backend.children import say
from backend.config import Settings
from backend.server import Refused, address, listening, options
from backend.store.migrate import migrate


def main() -> None:
    match sys.argv[1:]:
        case ["serve"]:
            _serve(Settings.read().prepared())
        case ["migrate"]:
            migrate(Settings.read().prepared().database_url)
        case _:
            sys.exit(__doc__)


def _serve(settings: Settings) -> None:
    try:
        settings = listening(settings)
        keys(settings)
    except (Refused, Unsafe) as problem:
        sys.exit(str(problem))
    where = "LATHE_TOKEN" if settings.token else settings.data_dir / "token"
    say(f"The API answers at {address(settings)}; its token is in {where}. Ctrl+C stops it.", sys.stdout)
    uvicorn.run("backend.app:create_app", factory=True, host=settings.host, port=settings.port, **options(settings))


if __name__ == "__main__":
    main()
