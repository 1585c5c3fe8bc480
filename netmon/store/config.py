"""Where data is kept, and for how long."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


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

    @field_validator("ledger")
    @classmethod
    def _ledger_that_can_be_opened(cls, given: SecretStr | None) -> SecretStr | None:
        """Every process would fail on it, again and again; its text is a secret and stands in no fault."""
        if given is not None:
            # Imported here: most configurations have no ledger of their own, and SQLAlchemy is slow to import.
            from netmon.store.ledger.database import address_fault

            fault = address_fault(given.get_secret_value())
            if fault is not None:
                raise ValueError(fault)
        return given
