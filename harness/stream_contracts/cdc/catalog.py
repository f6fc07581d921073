"""What PostgreSQL's catalog says of tables, as data: columns with their types, keys, replica identity, publications."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Ask = Callable[[str], Sequence[Sequence[Any]]]
"""Carries out a query and returns its rows."""

IDENTITIES: Mapping[str, str] = {"d": "default", "n": "nothing", "f": "full", "i": "index"}
"""``pg_class.relreplident`` in words."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A type: its name in ``pg_type``, its modifier (-1: none), and what lies behind it.

    ``name`` is the type that a domain stands for; ``domain`` tells that it was one. ``labels`` are those of an enum, in
    their order. ``array`` marks an array, whose other facts are those of its elements.
    """

    name: str
    modifier: int = -1
    labels: tuple[str, ...] = ()
    array: bool = False
    domain: bool = False
    element_domain: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column: ``told`` is its type as people write it, ``default`` the expression as the catalog prints it."""

    name: str
    kind: Kind
    told: str
    required: bool = False
    default: str | None = None
    generated: bool = False
    identity: bool = False
    number: int = 0
    """Of the column in its table; it stays when a column is renamed."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as a connector sees it. ``key`` are the columns of its primary key, or else of its first unique index.

    ``published`` are the publications that hold it, FOR ALL TABLES included.
    """

    schema: str
    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    primary: bool = False
    identity: str = "default"
    published: frozenset[str] = frozenset()

    def column(self, name: str) -> Column | None:
        """The column of that name."""
        return next((column for column in self.columns if column.name == name), None)


Tables = Mapping[tuple[str, str], Table]
"""Tables by schema and name."""

COLUMNS = """
select n.nspname::text, c.relname::text, c.relreplident::text, a.attnum::int, a.attname::text,
       format_type(a.atttypid, a.atttypmod), a.attnotnull or base.typnotnull, pg_get_expr(d.adbin, d.adrelid),
       a.attgenerated <> '', a.attidentity <> '', base.typtype = 'd',
       case when base.typtype = 'd' then deep.mod else a.atttypmod end,
       deep.typname::text, deep.elem::int, element.typname::text, element.typtype = 'd',
       (select array_agg(e.enumlabel::text order by e.enumsortorder) from pg_enum e
         where e.enumtypid = case when deep.elem <> 0 then deep.elem else deep.oid end)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_type base on base.oid = a.atttypid
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
cross join lateral (
    with recursive way(oid, mod, depth) as (
        select base.oid, a.atttypmod, 0
        union all
        select t.typbasetype, case when t.typtypmod <> -1 then t.typtypmod else way.mod end, depth + 1
        from way join pg_type t on t.oid = way.oid where t.typtype = 'd'
    )
    select t.oid, way.mod, t.typname, case when t.typcategory = 'A' then t.typelem else 0 end as elem
    from way join pg_type t on t.oid = way.oid order by depth desc limit 1
) deep
left join pg_type element on element.oid = deep.elem
where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_'
order by 1, 2, a.attnum
"""
KEYS = """
select n.nspname::text, c.relname::text, i.indisprimary,
       (select array_agg(a.attname::text order by k.n) from unnest(i.indkey::int2[]) with ordinality k(attnum, n)
         join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum where k.n <= i.indnkeyatts or not i.indisprimary)
from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
join pg_class x on x.oid = i.indexrelid
where i.indisunique and i.indexprs is null and n.nspname !~ '^pg_'
order by i.indisprimary desc, x.relname
"""
"""A connector takes partial unique indexes for keys, and of a unique index its INCLUDE columns, too."""
PUBLISHED = "select schemaname::text, tablename::text, pubname::text from pg_publication_tables"


def tables(ask: Ask) -> Tables:
    """Every table of a database, by schema and name, from three queries."""
    keys: dict[tuple[str, str], tuple[tuple[str, ...], bool]] = {}
    for schema, name, primary, columns in ask(KEYS):
        keys.setdefault((schema, name), (tuple(columns or ()), bool(primary)))
    published: dict[tuple[str, str], set[str]] = {}
    for schema, name, publication in ask(PUBLISHED):
        published.setdefault((schema, name), set()).add(publication)
    columns_of: dict[tuple[str, str], list[Column]] = {}
    identities: dict[tuple[str, str], str] = {}
    for row in ask(COLUMNS):
        at = (row[0], row[1])
        identities[at] = IDENTITIES[row[2]]
        columns_of.setdefault(at, []).append(_column(row))
    return {
        at: Table(*at, tuple(columns), *keys.get(at, ((), False)), identities[at], frozenset(published.get(at, ())))
        for at, columns in columns_of.items()
    }


def _column(row: Sequence[Any]) -> Column:
    _, _, _, number, name, told, required, default, generated, identity, domain, modifier, base, element, *rest = row
    of, element_domain, labels = rest
    kind = Kind(
        of if element else base, modifier, tuple(labels or ()), bool(element), bool(domain), bool(element_domain)
    )
    return Column(name, kind, told, bool(required), default, bool(generated), bool(identity), number)
