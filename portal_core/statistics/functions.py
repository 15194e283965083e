"""SQL that the databases spell differently."""

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction


class minutes_between(GenericFunction[int]):
    """``minutes_between(start, end)``: whole minutes from one moment to another, as SQL."""

    type = sa.Integer()
    inherit_cache = True


@compiles(minutes_between, "postgresql")
def _on_postgresql(element, compiler, **options):
    start, end = (compiler.process(clause, **options) for clause in element.clauses)
    return f"CAST(round(extract(epoch FROM ({end} - {start})) / 60) AS INTEGER)"


@compiles(minutes_between, "sqlite")
def _on_sqlite(element, compiler, **options):
    start, end = (compiler.process(clause, **options) for clause in element.clauses)
    return f"CAST(round((julianday({end}) - julianday({start})) * 1440) AS INTEGER)"
