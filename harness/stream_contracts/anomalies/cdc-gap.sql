-- cdc-gap: a committed change of the source was never emitted
-- breaks: at-least-once, exactly-once
-- why: whatever is built from the topic lacks the change for ever, and nothing says so
-- remedy: keep the replication slot over restarts (slot.drop.on.stop=false), and watch for a slot that was made anew; where a second snapshot took its place, let Connect write the offset with the records (exactly.once.support=required)
-- says: the {op} of key {key} at position {position} of the source is not in {topic}{instead}
select
    c.topic, c.key, c.op, c.position, c.at,
    coalesce('; the connector took another snapshot instead, at position ' || (
        select min(r.position) from records r
        where r.topic = c.topic
        and r.op = 'read'
        and r.fate in ('committed', 'plain')
        and r.position >= coalesce(c.committed, c.position)
    ), '') as instead
from changes c
anti join (
    select topic, key, position, op from records where fate in ('committed', 'plain') and position is not null
) r on r.topic = c.topic and r.key is not distinct from c.key and r.position = c.position and r.op = c.op
left join snapshots s on s.topic = c.topic
-- What was committed before the snapshot is in the snapshot.
where c.op != 'tombstone' and coalesce(c.committed, c.position) > coalesce(s.position, -1)
order by c.position, c.topic
