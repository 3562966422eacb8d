"""S3: buckets, objects and their versions, multipart uploads, and what is set on buckets."""

from __future__ import annotations

from penstock.services.s3.acls import Acls
from penstock.services.s3.buckets import Buckets
from penstock.services.s3.copying import Copying
from penstock.services.s3.deleting import Deleting
from penstock.services.s3.lifecycles import Lifecycles
from penstock.services.s3.listing import Listing
from penstock.services.s3.notifications import Notifications
from penstock.services.s3.policies import Policies
from penstock.services.s3.reading import Reading
from penstock.services.s3.settings import Settings
from penstock.services.s3.tagging import Tagging
from penstock.services.s3.uploads import Uploads
from penstock.services.s3.websites import Websites
from penstock.services.s3.writing import Writing


class S3(
    Buckets,
    Settings,
    Policies,
    Acls,
    Lifecycles,
    Notifications,
    Websites,
    Tagging,
    Listing,
    Reading,
    Writing,
    Copying,
    Deleting,
    Uploads,
):
    """Each bucket belongs to an account, and nobody else gets at it."""
