"""Names the weights of AlexNet where torchvision does, at an address of the test's choice."""

import os
from enum import Enum

# Nothing listens on port 9: what the tests do not mean to fetch is refused at once.
URL = os.environ.get("LPIPS_BACKBONE", "http://127.0.0.1:9/alexnet-owt-00000000.pth")


class AlexNet_Weights(Enum):  # noqa: N801 - torchvision's name
    IMAGENET1K_V1 = URL

    @property
    def url(self):
        return self.value
