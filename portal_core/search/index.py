"""Keeping the index: whatever a provider's model writes through the ORM is indexed in the same flush.

So nobody who saves a thing has to think of the search, and the index commits or rolls back with the thing. What was there before
its provider is indexed by a job, in portions.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from portal_core.db import insert_into
from portal_core.search.models import SearchEntry, SearchProgress
from portal_core.search.words import index_words, query_words

PORTION = 500
_providers: dict[type, Any] = {}


def register(provider) -> None:
    """Index what is written with ``provider.model`` from now on; the last provider of a model counts."""
    _providers[provider.model] = provider


def put(session: Session, provider, thing) -> None:
    """Write the words of ``thing`` into the index."""
    connection = session.connection()
    words = index_words(*(str(text) for text in provider.words(thing) if text))
    row = {"kind": provider.code, "object_id": thing.id, "words": _stored(connection.dialect.name, words)}
    statement = insert_into(session, SearchEntry).values(**row)
    # Below the ORM: this runs inside a flush.
    connection.execute(statement.on_conflict_do_update(index_elements=["kind", "object_id"], set_={"words": row["words"]}))


def matches(session: Session, kind: str, text: str) -> sa.Select | None:
    """A select of the ids of things of ``kind`` that hold all words of ``text``; None when there is no word in it."""
    wanted = query_words(text)
    if not wanted:
        return None
    found = sa.select(SearchEntry.object_id).where(SearchEntry.kind == kind)
    if session.get_bind().dialect.name == "postgresql":
        # Quoted words, and a star where the beginning is enough. Words are letters and digits only.
        query = " & ".join(f"'{word}'{':*' if prefix else ''}" for word, prefix in wanted)
        return found.where(SearchEntry.words.op("@@")(sa.cast(query, postgresql.TSQUERY)))
    query = " AND ".join(f'"{word}"{"*" if prefix else ""}' for word, prefix in wanted)
    full_text = sa.table("fts_core_search", sa.column("rowid", sa.Integer))
    rows = sa.select(full_text.c.rowid).where(sa.literal_column("fts_core_search").op("MATCH")(query))
    return found.where(SearchEntry.id.in_(rows))


def index_older(session: Session, providers, portion: int = PORTION) -> int:
    """Index the next portion of things that were there before their provider; returns how many were done."""
    total = 0
    for provider in providers:
        progress = session.get(SearchProgress, provider.code)
        if progress is None:
            progress = SearchProgress(kind=provider.code, upto=0, done=False)
            session.add(progress)
        if progress.done:
            continue
        query = sa.select(provider.model).where(provider.model.id > progress.upto).order_by(provider.model.id).limit(portion)
        things = list(session.scalars(query))
        for thing in things:
            put(session, provider, thing)
        progress.upto, progress.done = things[-1].id if things else progress.upto, len(things) < portion
        total += len(things)
    session.flush()
    return total


def index_again(session: Session) -> None:
    """Have everything indexed anew by the job, after the way of cutting words has changed."""
    session.execute(sa.update(SearchProgress).values(upto=0, done=False))


def _stored(dialect, words):
    if dialect == "postgresql":
        # As an array of words: the parser for texts would cut them in its own way, depending on the locale.
        return sa.func.array_to_tsvector(sa.cast(words, postgresql.ARRAY(sa.Text)))
    return " ".join(words)


@event.listens_for(Session, "after_flush")
def _index_what_was_written(session, _context):
    for thing in session.new:
        provider = _providers.get(type(thing))
        if provider is not None:
            put(session, provider, thing)
    for thing in session.dirty:
        provider = _providers.get(type(thing))
        if provider is not None and _changed(thing, provider.fields):
            put(session, provider, thing)


def _changed(thing, fields):
    attributes = sa.inspect(thing).attrs
    return any(attributes[name].history.has_changes() for name in fields)
