"""Where data is kept, and for how long."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class Retention(BaseModel):
    """Days after which data may go. Rollups have their own when they come."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    raw_days: int = Field(14, ge=1, le=3650, description="samples as polled")
    events_days: int = Field(3650, ge=30, le=36500, description="closed events and their deliveries")


class StoreConfig(BaseModel):
    """``store:`` in the configuration. ``path`` holds the spools, the embedded series and the embedded ledger."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path = Field(description="a folder; made at start, readable by the service alone")
    ledger: SecretStr | None = Field(
        None, description="SQLAlchemy URL of a PostgreSQL ledger; SQLite beneath path when absent"
    )
    retention: Retention = Retention()
