"""Thresholds per link class, and when silence, flapping and blindness are judged."""

from pydantic import BaseModel, ConfigDict, Field, model_validator


class SaturationConfig(BaseModel):
    """Defaults: warning at 80 % for 15 minutes, critical at three samples of 90 %, closed below 75 %."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    warning_percent: int = Field(80, ge=1, le=1000)
    warning_after_s: int = Field(900, ge=0, le=86400)
    critical_percent: int = Field(90, ge=1, le=1000)
    critical_samples: int = Field(3, ge=1, le=1000)
    close_percent: int = Field(75, ge=0, le=1000)

    @model_validator(mode="after")
    def _ordered(self) -> "SaturationConfig":
        if not self.close_percent <= self.warning_percent <= self.critical_percent:
            raise ValueError(
                "thresholds must rise: close_percent <= warning_percent <= critical_percent, "
                f"not {self.close_percent} / {self.warning_percent} / {self.critical_percent}"
            )
        return self


class SignalsConfig(BaseModel):
    """``signals:`` in the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    saturation: dict[str, SaturationConfig] = Field(
        default_factory=lambda: {"default": SaturationConfig()}, description="by link class"
    )
    silent_after_polls: int = Field(2, ge=1, le=10, description="consecutive polls without an answer")

    def saturation_for(self, link_class: str) -> SaturationConfig:
        """The class's thresholds, else those of ``default``, else the definitions of the field."""
        return self.saturation.get(link_class) or self.saturation.get("default") or SaturationConfig()
