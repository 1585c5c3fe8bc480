"""Where the API and the page listen."""

from pydantic import BaseModel, ConfigDict, Field


class ApiConfig(BaseModel):
    """``api:`` in the configuration. Loopback unless somebody decides otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(8080, ge=1, le=65535)
    session_hours: int = Field(12, ge=1, le=720, description="how long a sign-in on the page lasts")
    secure_cookies: bool = Field(False, description="set when TLS ends in front of netmon")
    max_points: int = Field(5000, ge=10, le=100_000, description="of one series answer")
    max_range_days: int = Field(400, ge=1, le=4000)

    @property
    def page_url(self) -> str:
        """The page's address for a person at this machine; a wildcard host is shown as loopback."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)
        return f"http://{host}:{self.port}"
