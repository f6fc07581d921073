-- duplicate-effect: one event of the input has more committed effects than in the fault-free run
-- breaks: at-most-once, exactly-once
-- why: whoever reads the output with read_committed counts this event twice
-- remedy: write output and offsets in one transaction (send_offsets_to_transaction), or make the sink idempotent by key
-- says: event {event_id} (key {key}) has {times} effects, expected {wanted}: {first} and again {again}
with wanted as (
    select topic, digest, count(*) as wanted, min(event_id) as event_id from expected group by all
),
found as (
    select topic, digest, count(*) as times from effects group by all
)
select
    coalesce(w.event_id, again.event_id) as event_id,
    again.key,
    f.times,
    w.wanted,
    again.topic || '-' || first.partition || '@' || first."offset" as first,
    again.topic || '-' || again.partition || '@' || again."offset" as again
from effects again
join wanted w on again.topic = w.topic and again.digest = w.digest and again.nth > w.wanted
join found f on f.topic = again.topic and f.digest = again.digest
join effects first on first.topic = again.topic and first.digest = again.digest and first.nth = 1
order by event_id, again.topic, again.partition, again."offset"
