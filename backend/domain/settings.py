"""Settings that the backend and the worker share, read from the environment (`LATHE_…`)."""

import sys
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from lathe.environment import data_folder


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="LATHE_", frozen=True)

    data_dir: Path = Field(default_factory=data_folder, description="Folder of the database, data sets and artifacts.")
    database: str = Field(default="", description="SQLAlchemy URL; empty means SQLite in the data folder.")
    broker: str = Field(default="", description="Celery broker URL; empty means SQLite in the data folder.")
    lease_seconds: float = Field(default=15.0, gt=0, description="Time that a silent owner keeps its run, seconds.")
    stall_seconds: float = Field(
        default=300.0,
        gt=0,
        description="Longest silence of a working trainer, seconds; ten times that before its first message.",
    )
    claim_seconds: float = Field(
        default=0.2, gt=0, description="Interval at which an idle worker looks for a run, seconds."
    )
    checkpoint_seconds: float = Field(
        default=5.0, gt=0, description="Longest training between two checkpoints, seconds."
    )
    verbose: bool = Field(default=False, description="Let workers log what they do, beside what goes wrong.")
    pictures: bool = Field(default=True, description="Let an idle worker draw the pictures of the catalog.")
    workers: int = Field(
        default=1, ge=1, le=64, description="Workers of this machine: so many runs are trained at once."
    )
    threads: int = Field(
        default=0, ge=0, description="CPU threads of a trainer; 0 leaves one core to the server, and shares the others."
    )

    @classmethod
    def read(cls) -> Self:
        """The settings of this process. Ends it with one sentence when one of them does not fit."""
        try:
            return cls()
        except ValidationError as error:
            sys.exit(cls._complaint(error))

    def prepared(self) -> Self:
        """These settings, once the data folder is there. Ends the process with one sentence when it cannot be."""
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            sys.exit(f"The data folder {self.data_dir} cannot be used ({error.strerror}).")
        return self

    @classmethod
    def _complaint(cls, error: ValidationError) -> str:
        """The first thing that is wrong, without the value where that is a secret."""
        first = error.errors()[0]
        name = str(first["loc"][0])
        value = f"is `{first['input']}`" if cls.model_fields[name].repr else "does not fit"
        rule = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
        return f"The setting `{name}` (LATHE_{name.upper()}) {value}: it {rule}."

    def threads_of(self, cores: int) -> int:
        """CPU threads of one trainer on a machine with so many cores."""
        return self.threads or max(1, (cores - 1) // self.workers)

    @property
    def patience_seconds(self) -> float:
        """Seconds that an owner goes on without a renewed lease; well before anyone else may take the run."""
        return 0.6 * self.lease_seconds

    @property
    def last_patience_seconds(self) -> float:
        """Seconds that a trainer goes on without hearing of a renewal, if its supervisor is frozen or held up."""
        return 0.85 * self.lease_seconds

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.data_dir.absolute() / 'lathe.sqlite'}"

    @property
    def broker_url(self) -> str:
        return self.broker or f"sqla+sqlite:///{self.data_dir.absolute() / 'broker.sqlite'}"

    @property
    def plugins(self) -> Path:
        return self.data_dir / "plugins"
