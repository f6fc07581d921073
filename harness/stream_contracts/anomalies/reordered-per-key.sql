-- reordered-per-key: two events of one key have their effects in the other order
-- breaks: order
-- why: whoever reads the key ends up with the older of two values
-- remedy: keep one worker per key, send with idempotence on (or one request in flight), and do not retry behind a later event
-- says: {place} is the effect of event {event_id} (key {key}, at {source}) and stands behind {later_place}, that of the later event {later_event}
with first_effects as (
    -- The second effect of an event is told by duplicate-effect: a replay repeats the order, it does not break it.
    select
        v.topic, v.partition, v."offset", v.place, v.at, s.event_id, s.key,
        s.topic as source_topic, s.partition as source_partition, s."offset" as source_offset
    from visible v
    join sends s on s.event_id = v.event_id and s.outcome = 'ok'
    where v.kind = 'topic' and s.key is not null
    qualify row_number() over (partition by v.topic, v.partition, v.event_id order by v."offset") = 1
),
placed as (
    select
        *,
        max(source_offset) over earlier as newest,
        arg_max(event_id, source_offset) over earlier as later_event,
        arg_max(place, source_offset) over earlier as later_place
    from first_effects
    window earlier as (
        partition by topic, partition, source_topic, source_partition, key
        order by "offset" rows between unbounded preceding and 1 preceding
    )
)
select
    event_id, key, place, later_event, later_place, "at",
    source_topic || '-' || source_partition || '@' || source_offset as source
from placed
where source_offset < newest
order by topic, partition, "offset"
