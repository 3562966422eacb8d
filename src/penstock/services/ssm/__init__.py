"""Systems Manager's Parameter Store, and nothing else of it (TG-075 to TG-080)."""

from __future__ import annotations

from penstock.services.ssm.labels import Labels
from penstock.services.ssm.listing import Listing
from penstock.services.ssm.reading import Reading
from penstock.services.ssm.tags import Tags
from penstock.services.ssm.writing import Writing


class Ssm(Reading, Listing, Writing, Labels, Tags):
    """Parameters and their versions, labels and tags."""
