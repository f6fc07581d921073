-- delete-lost: a key that was deleted is still there at the end
-- breaks: at-least-once, exactly-once
-- why: the delete was acknowledged, and the fault-free run carried it out
-- remedy: treat a tombstone as an event like any other: write it, acknowledge it, only then commit its offset
-- says: key {key} of {topic} was deleted by event {event_id} and is still there: {place}
with deleted as (
    select event_id, topic, key, "window" from expected where op = 'delete' and final and key is not null
),
left_over as (
    select d.event_id, d.key, d.topic, v.place, v.at, v.op
    from visible v
    join deleted d on d.topic = v.topic and d.key = v.key and d."window" is not distinct from v."window"
    qualify row_number() over (
        partition by v.topic, v.key, v."window" order by v.partition desc, v."offset" desc
    ) = 1
)
select event_id, key, topic, place, "at" from left_over
where op is distinct from 'delete'
order by topic, key
