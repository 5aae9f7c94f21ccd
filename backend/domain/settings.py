"""Settings that the backend and the worker share, read from the environment (`LATHE_…`)."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="LATHE_", frozen=True)

    data_dir: Path = Field(default=Path("data"), description="Folder of the database, data sets and artifacts.")
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
    pictures: bool = Field(default=True, description="Let an idle worker draw the pictures of the catalog.")
    threads: int = Field(default=0, ge=0, description="CPU threads of the trainer; 0 leaves one core to the server.")

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
