"""Files that were chosen in a form which was then refused for another reason: kept for a day, so that nothing is chosen twice.

The form carries an opaque token for each; only whoever uploaded the file can use it. What is kept is what the browser sent. It is
never served, and passes all checks of an upload once more when the form is right.
"""

import hashlib
import io
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from portal_core.accounts.identity import Identity
from portal_core.errors import Invalid
from portal_core.files.collector import KEEP
from portal_core.files.models import KeptUpload
from portal_core.files.names import shown_name
from portal_core.files.uploads import Upload
from portal_core.i18n import _
from portal_core.services import Services

# More than one form holds, so that a second window loses nothing, and little enough that nobody fills the store.
MAX_KEPT = 40
GONE = _("A file that you chose is no longer kept. Please choose it again.")


@dataclass(frozen=True)
class Kept:
    """A kept file as the form shows it: its ``token``, ``name`` and ``size`` in bytes."""

    token: str
    name: str
    size: int


class KeptUploadService:
    """See the module."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session
        self.store = services.portal.file_store

    def keep(self, upload: Upload, max_mb: int, identity: Identity) -> Kept:
        """Keep the bytes of ``upload``. Raises Invalid as ``Upload.read`` does."""
        data, token = upload.read(max_mb), secrets.token_urlsafe(32)
        row = KeptUpload(
            token_hash=_hash(token),
            user_id=identity.user_id,
            field=upload.field,
            name=shown_name(upload.name),
            digest=self.store.put(data),
            size=len(data),
            created=self.services.clock.now(),
        )
        self.session.add(row)
        self.session.flush()
        self._forget_oldest(identity)
        return Kept(token, row.name, row.size)

    def uploads(self, tokens: Sequence[str], field: str, identity: Identity) -> list[tuple[Kept, Upload]]:
        """What ``tokens`` stand for, as uploads of the form field ``field``, in their order.

        Raises Invalid, at the field, when one of them is unknown, somebody else's, another field's, or older than a day.
        """
        rows = self._rows(tokens, field, identity)
        found = []
        for token in dict.fromkeys(tokens):
            row = rows.get(_hash(token))
            if row is None or self.store.size(row.digest) is None:
                raise Invalid(fields={field: GONE})
            stream = io.BytesIO(self.store.read(row.digest))
            found.append((Kept(token, row.name, row.size), Upload(field, row.name, stream)))
        return found

    def forget(self, tokens: Sequence[str], identity: Identity) -> None:
        """Let go of what is no longer needed: the form was taken, or the file was taken off it."""
        self.session.execute(
            sa.delete(KeptUpload).where(
                KeptUpload.token_hash.in_([_hash(token) for token in tokens]), KeptUpload.user_id == identity.user_id
            )
        )

    def _rows(self, tokens, field, identity):
        query = sa.select(KeptUpload).where(
            KeptUpload.token_hash.in_([_hash(token) for token in tokens]),
            KeptUpload.user_id == identity.user_id,
            KeptUpload.field == field,
            KeptUpload.created >= self.services.clock.now() - KEEP,
        )
        return {row.token_hash: row for row in self.session.scalars(query)} if tokens else {}

    def _forget_oldest(self, identity):
        newest = (
            sa.select(KeptUpload.id).where(KeptUpload.user_id == identity.user_id).order_by(KeptUpload.id.desc()).limit(MAX_KEPT)
        )
        kept = newest.subquery().select()
        self.session.execute(sa.delete(KeptUpload).where(KeptUpload.user_id == identity.user_id, KeptUpload.id.not_in(kept)))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
