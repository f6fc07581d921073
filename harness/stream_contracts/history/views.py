"""The views of a history that the anomalies ask: what a reader sees, what counts, and how the two runs differ.

``promise``: one row, what was promised: delivery, order, recovers_within, lag_max, lag_within, late_allowed, late_then, late_to,
dead_letter, atomic, replay (null where it was not), and ``compare``, how outputs are compared.

``visible``: every effect that a reader sees: records that a read_committed consumer gets, and writes to tables. ``topic``
is the topic or the table, ``place`` what a person is told.

``effects``: those of them that count: all records of a topic, or the last of each key (and window), as ``compare`` says;
of a table the rows that are left. ``wanted``: the same of the fault-free run.

``passed``: the events that a committed offset has passed, and when the first one did (``at``); offsets that were
committed with a transaction do not count, for they pass together with the output.

``snapshots``: the position (LSN) of the snapshot that a captured topic begins with. Where one was broken off and taken anew,
it is that of the last before the first streamed change: what was committed before it is in it, and in no change.

``contents``: the contents (topic, digest) that stand in the outputs more or less often than in the fault-free run.

``repeats``: the effects of a content that stands there too often. ``nth`` counts equal ones from 1: in log order, but
the second of one event (``again``) after the first of every other, so that the one too many is told of the right event.

``unexplained``: the effects whose content the fault-free run did not write, or that carry the id of an aborted event.
``aborted_event`` is the aborted event that one of them came from: the one whose id it carries; or where no id is known,
one with its key, if this key has more unexplained effects than missing ones (a value in the place of another is no
effect too many). Each unexplained effect is therefore told once: by aborted-visible, or by state-divergence.

``missing``: the effects of the fault-free run that are not there. ``fate``: ``hidden`` behind a transaction that is
open, ``unaccounted`` where the run ended before a committed offset passed its event, else ``lost``.

Where only the last effect of a key counts, another value there is lost if the fault-free run wrote it before (so an
update is missing), and unexplained otherwise: never both.
"""

from __future__ import annotations

MADE = (
    ("table", "unexplained"),
    ("table", "missing"),
    ("view", "repeats"),
    ("table", "stale"),
    ("table", "contents"),
    ("view", "wanted"),
    ("view", "effects"),
    ("view", "passed"),
    ("view", "last_effects"),
    ("view", "visible"),
    ("view", "snapshots"),
)
"""What is made here, the last first. What holds only differences is a table: several anomalies ask it."""
_COLUMNS = 'topic, key, "window", digest, nth, event_id, op, position, kind'

COUNTED = {
    False: f"""
create view effects as
select *, false as only_last from visible where kind = 'topic'
union all
select *, true from last_effects where kind = 'table' and op is distinct from 'delete';

create view wanted as
select {_COLUMNS}, false as only_last from expected where kind is distinct from 'table'
union all
select {_COLUMNS.replace("nth", "row_number() over (partition by topic, digest order by nth)")}, true
from expected where kind = 'table' and final and op is distinct from 'delete';
""",
    True: f"""
create view effects as
select *, true as only_last from last_effects where kind = 'topic' or op is distinct from 'delete';

create view wanted as
select {_COLUMNS.replace("nth", "row_number() over (partition by topic, digest order by nth) as nth")}, true as only_last
from expected where coalesce(final, true) and (kind is distinct from 'table' or op is distinct from 'delete');
""",
}
"""What counts: every record, or (True) only the last of each key and window."""

VISIBLE = """
create view visible as
select
    'topic' as kind, topic, partition, "offset", key, "window", digest, event_id, op, "at", producer_id, epoch, fate,
    topic || '-' || partition || '@' || "offset" as place
from records where fate in ('committed', 'plain')
union all
select
    'table', sink, 0, seq, key, null, digest, event_id, op, "at", null, null, 'committed',
    sink || ' row ' || coalesce(key, '?') || ' (write ' || seq || ')'
from writes;

create view last_effects as
select * exclude (place_from_end) from (
    select *, row_number() over (
        partition by kind, topic, key, "window", if(key is null, "offset", null)
        order by partition desc, "offset" desc
    ) as place_from_end
    from visible
)
where place_from_end = 1;
"""

SNAPSHOTS = """
create view snapshots as
with placed as (
    select
        topic, op, position, "offset",
        min("offset") filter (op in ('create', 'update', 'delete', 'event')) over (partition by topic, partition) as streamed
    from records
    where fate in ('committed', 'plain')
)
select topic, max(position) as position
from placed
where op = 'read' and "offset" < coalesce(streamed, "offset" + 1)
group by topic;
"""

PASSED = """
create view passed as
with steps as (
    select topic, partition, "offset", min("at") as "at" from commits where via = 'OffsetCommit' group by all
),
firsts as (
    select
        topic, partition, "offset",
        min("at") over (
            partition by topic, partition order by "offset" desc rows between unbounded preceding and current row
        ) as "at"
    from steps
)
select s.event_id, f.at
from sends s
asof join firsts f on f.topic = s.topic and f.partition = s.partition and s."offset" < f."offset"
where s.outcome = 'ok';
"""

DIFFERENCES = """
create table contents as
-- Equal contents are dealt into the same of 65,536 lots; a lot whose two sums of hashes agree holds no difference, and is
-- not looked at again. Ten million contents are compared so without a table of ten million rows.
with lots as (
    select content & 65535 as lot from (
        select hash(topic, digest) as content, 1 as times from wanted
        union all
        select hash(topic, digest), -1 from effects
    )
    group by lot having sum(times) != 0 or sum(times * content::hugeint) != 0
)
select topic, digest, count(*) filter (expected) as wanted, count(*) filter (not expected) as found
from (
    select topic, digest, true as expected from wanted where hash(topic, digest) & 65535 in (select lot from lots)
    union all
    select topic, digest, false from effects where hash(topic, digest) & 65535 in (select lot from lots)
)
group by all
having wanted != found;

create table stale as
select f.topic, f.digest, f."offset" from effects f
where f.only_last and exists (
    select 1 from expected e where e.topic = f.topic and e.key is not distinct from f.key
    and e."window" is not distinct from f."window" and e.digest = f.digest and not coalesce(e.final, true)
);

create view repeats as
select *, row_number() over (partition by topic, digest order by again, partition, "offset") as nth
from (
    select
        f.*, c.wanted, c.found,
        row_number() over (partition by f.topic, f.digest, f.event_id order by f.partition, f."offset") as again
    from effects f
    join contents c on c.topic = f.topic and c.digest = f.digest and c.found > c.wanted and c.wanted > 0
);

create table missing as
with seen as (
    select f.topic, f.digest, f.event_id, count(*) as times
    from effects f join contents c on c.topic = f.topic and c.digest = f.digest
    group by all
),
short as (
    select e.*, c.found, row_number() over (partition by e.topic, e.digest, e.event_id order by e.nth) as of_event
    from wanted e
    join contents c on c.topic = e.topic and c.digest = e.digest and c.found < c.wanted
    where not e.only_last
    or e.key is null
    or not exists (
        -- Another value stands in its place, and is told as unexplained. One that only moved there is told nowhere.
        select 1 from effects f join contents o on o.topic = f.topic and o.digest = f.digest and o.wanted = 0
        where f.topic = e.topic and f.key is not distinct from e.key
        and f."window" is not distinct from e."window"
        and not exists (select 1 from stale s where s.topic = f.topic and s.digest = f.digest)
    )
),
-- Where several events have the same output and one is missing: those that an effect is known of are not the lost ones.
ranked as (
    select
        e.*,
        row_number() over (
            partition by e.topic, e.digest order by coalesce(n.times, 0) >= e.of_event desc, e.nth
        ) as place
    from short e
    left join seen n on n.topic = e.topic and n.digest = e.digest and n.event_id = e.event_id
),
gone as materialized (
    select r.*, row_number() over (partition by r.topic, r.digest order by r.place) as nth_gone
    from ranked r where r.place > r.found
),
concealed as (
    select topic, digest, count(*) as times, min("offset") as "offset", min(partition) as partition
    from records where fate = 'open' group by all
)
select
    g.event_id, g.key, g.topic, g.digest, g.nth, g.op, g.position,
    s.topic as source_topic, s.partition as source_partition, s."offset" as source_offset,
    s.topic || '-' || s.partition || '@' || s."offset" as source,
    h.topic || '-' || h.partition || '@' || h."offset" as hidden_at,
    case
        when g.nth_gone <= h.times then 'hidden'
        when not exists (select 1 from notes where what = 'restless') then 'lost'
        when exists (
            select 1 from commits c
            where c.topic = s.topic and c.partition = s.partition and c."offset" > s."offset" and c.via = 'OffsetCommit'
        ) then 'lost'
        else 'unaccounted'
    end as fate
from gone g
left join (select * from sends where outcome = 'ok' and event_id in (select event_id from gone)) s on s.event_id = g.event_id
left join concealed h on h.topic = g.topic and h.digest = g.digest;

create table unexplained as
with extra as materialized (
    select f.* from effects f join contents c on c.topic = f.topic and c.digest = f.digest and c.wanted = 0
    where not exists (select 1 from stale s where s.topic = f.topic and s.digest = f.digest)
    union
    select f.* from effects f join sends s on s.event_id = f.event_id and s.outcome = 'aborted'
),
fewer as (
    select topic, key, count(*) as missing from missing group by all
),
aborted as (
    select key, min(event_id) as event_id from sends where outcome = 'aborted' group by all
),
valued as (
    select distinct w.topic, w.key
    from wanted w join extra x on x.topic = w.topic and x.key is not distinct from w.key
)
select
    x.kind, x.topic, x.partition, x."offset", x.key, x.event_id, x.place, x.at,
    case
        when s.outcome = 'aborted' then s.event_id
        when s.event_id is null and count(*) over (partition by x.topic, x.key) > coalesce(m.missing, 0)
        -- Of a key that has one value, another value is a wrong one, not one too many.
        and not (x.only_last and v.topic is not null)
        then a.event_id
    end as aborted_event
from extra x
left join (select * from sends where event_id in (select event_id from extra)) s on s.event_id = x.event_id
left join fewer m on m.topic = x.topic and m.key is not distinct from x.key
left join aborted a on a.key is not distinct from x.key
left join valued v on v.topic = x.topic and v.key is not distinct from x.key;
"""
