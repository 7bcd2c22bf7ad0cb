"""What can be chosen of the filter."""

from pydantic import BaseModel, ConfigDict, Field


class MedianOptions(BaseModel):
    """Options of the filter."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True
    )

    channels: int = Field(default=3, ge=1)
    """Image channels."""
