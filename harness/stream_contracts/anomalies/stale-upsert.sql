-- stale-upsert: an older value was written over a newer one, or a deleted row came back
-- breaks: order
-- why: whoever reads the row meanwhile sees the past, and a crash in between would leave it there
-- remedy: write with a guard, as in: on conflict … do update … where excluded.version > totals.version; keep deletes as marks
-- says: {place}: {how} by event {event_id}, after {newer_place}{healed}
with once as (
    -- A value that a key has had twice does not tell which of the two it is.
    select topic, key, digest, op is not distinct from 'delete' as deletes, min(position) as position
    from expected where kind = 'table' and position is not null
    group by all having count(*) = 1
),
placed as (
    select
        w.sink, w.key, w.seq, w.event_id, w.at, o.position,
        max(o.position) over earlier as newest,
        arg_max(w.seq, o.position) over earlier as newer_seq,
        arg_max(o.deletes, o.position) over earlier as was_deleted,
        max(o.position) over (
            partition by w.sink, w.key order by w.seq rows between 1 following and unbounded following
        ) as afterwards
    from writes w
    join once o
        on o.topic = w.sink and o.key is not distinct from w.key and o.digest = w.digest
        and o.deletes = (w.op = 'delete')
    window earlier as (
        partition by w.sink, w.key order by w.seq rows between unbounded preceding and 1 preceding
    )
)
select
    event_id, key, "at",
    sink || ' row ' || coalesce(key, '?') || ' (write ' || seq || ')' as place,
    'write ' || newer_seq as newer_place,
    if(was_deleted, 'the row came back after its delete', 'an older value was written over a newer one') as how,
    if(afterwards >= newest, ' (healed later: transient)', '') as healed
from placed
where position < newest
order by sink, seq
