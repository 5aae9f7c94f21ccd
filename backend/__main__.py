"""`python -m backend serve` answers requests; `python -m backend migrate` brings the database to the newest schema."""

import sys

import uvicorn

from backend.config import Settings
from backend.server import options
from backend.store.migrate import migrate


def main() -> None:
    match sys.argv[1:]:
        case ["serve"]:
            settings = Settings()
            uvicorn.run(
                "backend.app:create_app", factory=True, host=settings.host, port=settings.port, **options(settings)
            )
        case ["migrate"]:
            migrate(Settings().database_url)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
