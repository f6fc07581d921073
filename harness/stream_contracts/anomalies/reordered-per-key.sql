-- reordered-per-key: two events of one key have their effects in the other order
-- breaks: order
-- why: whoever reads the key ends up with the older of two values
-- remedy: keep one worker per key, send with idempotence on (or one request in flight), and do not retry behind a later event
-- says: {place} is the effect of event {event_id} (key {key}, at {source}) and stands behind {later_place}, that of the later event {later_event}
-- Three numbers an effect, so that ten million of them are soon in order.
select 1
from (
    select source_offset < lag(source_offset) over (partition by line order by "offset") as goes_back
    from (
        select hash(v.topic, v.partition, s.topic, s.partition, s.key) as line, v."offset", s."offset" as source_offset
        from visible v
        join sends s on s.event_id = v.event_id
        where v.kind = 'topic' and s.outcome = 'ok' and s.key is not null
    )
)
where goes_back
limit 1;

with events as (
    select event_id, "offset", hash(topic, partition, key) as line
    from sends where outcome = 'ok' and key is not null
),
placed as (
    select
        v.topic, v.partition, v."offset", v.event_id, s."offset" as source_offset,
        max(s."offset") over (
            partition by hash(v.topic, v.partition, s.line)
            order by v."offset" rows between unbounded preceding and 1 preceding
        ) as newest
    from visible v
    join events s on s.event_id = v.event_id
    where v.kind = 'topic'
),
behind as materialized (select * from placed where source_offset < newest),
-- From here on there is little or nothing to look at, and the rest is only asked for where there is.
outputs as (select * from visible where (topic, partition) in (select (topic, partition) from behind)),
inputs as (select * from sends where outcome = 'ok' and (select count(*) > 0 from behind)),
-- The second effect of an event is told by duplicate-effect: a replay repeats the order, it does not break it.
firsts as (
    select b.*, s.key, s.topic as source_topic, s.partition as source_partition
    from behind b join inputs s on s.event_id = b.event_id
    where not exists (
        select 1 from outputs v
        where v.event_id = b.event_id and v.topic = b.topic and v.partition = b.partition and v."offset" < b."offset"
    )
)
select
    f.event_id, f.key, min(a.at) as "at",
    f.topic || '-' || f.partition || '@' || f."offset" as place,
    f.source_topic || '-' || f.source_partition || '@' || f.source_offset as source,
    l.event_id as later_event,
    min(v.place) as later_place
from firsts f
join inputs l on l.topic = f.source_topic and l.partition = f.source_partition and l."offset" = f.newest
join outputs v
    on v.event_id = l.event_id and v.topic = f.topic and v.partition = f.partition and v."offset" < f."offset"
join outputs a on a.topic = f.topic and a.partition = f.partition and a."offset" = f."offset"
group by f.event_id, f.key, f.topic, f.partition, f."offset", source, later_event
order by f.topic, f.partition, f."offset"
