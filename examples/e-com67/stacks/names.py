"""Names that several stacks, the script and the team's commands have in common."""

from typing import NamedTuple

REPOSITORY = "e-com67"
BRANCH = "master"


class Site(NamedTuple):
    """A front end: its folder in the repository is called as its name ends."""

    id: str
    name: str

    @property
    def folder(self) -> str:
        return self.name.removeprefix("e-com67-")

    @property
    def distribution_export(self) -> str:
        return f"{self.name}-distribution-id"


ADMIN = Site("Admin", "e-com67-admin-dashboard")
CUSTOMER = Site("Customer", "e-com67-customer-app")
