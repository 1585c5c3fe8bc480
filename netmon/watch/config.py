"""When the watch believes, and when it says that it is blind."""

from pydantic import BaseModel, ConfigDict, Field


class WatchConfig(BaseModel):
    """``watch:`` in the configuration. Times left out follow from the poll interval."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    settle_s: float | None = Field(
        None,
        ge=0,
        le=3600,
        description="how long a silence waits for its cause to show; one poll interval if absent",
    )
    heartbeat_missing_after_s: float | None = Field(
        None,
        ge=2,
        le=3600,
        description="a collector unheard of for so long is blind; two poll intervals if absent",
    )
    clock_jump_s: float = Field(5.0, ge=1, le=3600, description="wall against monotonic clock")
