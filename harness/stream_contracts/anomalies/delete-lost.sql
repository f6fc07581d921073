-- delete-lost: a key that was deleted is still there at the end
-- breaks: at-least-once, exactly-once
-- why: the delete was acknowledged, and the fault-free run carried it out
-- remedy: treat a tombstone as an event like any other: write it, acknowledge it, only then commit its offset
-- says: key {key} of {topic} was deleted by event {event_id} and is still there: {place}
select e.event_id, e.key, e.topic, l.place, l.at
from expected e
join last_effects l
    on l.topic = e.topic and l.key is not distinct from e.key and l."window" is not distinct from e."window"
where e.op = 'delete' and e.final and e.key is not null and l.op is distinct from 'delete'
order by e.topic, e.key
