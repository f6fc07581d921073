-- duplicate-effect: one event of the input has more committed effects than in the fault-free run
-- breaks: at-most-once, exactly-once, duplicates
-- why: whoever reads the output with read_committed counts this event twice
-- remedy: write output and offsets in one transaction (send_offsets_to_transaction), or make the sink idempotent by key
-- says: event {event_id} (key {key}) has {times} effects, expected {wanted}: {first} and again {again}
with named as (
    select topic, digest, min(event_id) as event_id from wanted group by all
)
select
    coalesce(again.event_id, e.event_id) as event_id,
    again.key,
    again.found as times,
    again.wanted,
    one.place as first,
    again.place as again
from repeats again
join repeats one on one.topic = again.topic and one.digest = again.digest and one.nth = 1
join named e on e.topic = again.topic and e.digest = again.digest
where again.nth > again.wanted
order by event_id, again.topic, again.partition, again."offset"
