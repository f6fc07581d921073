-- cdc-tombstone-lost: a delete of the source has no tombstone behind it
-- breaks: at-least-once, exactly-once
-- why: the topic is compacted: without a tombstone the last record of a deleted row stays for ever
-- remedy: leave tombstones.on.delete=true, and let no transform drop records without a value
-- says: key {key} was deleted at position {position} of the source, and {topic} has no tombstone for it
select c.topic, c.key, c.position, c.at
from changes c
left join snapshots s on s.topic = c.topic
where c.op = 'tombstone' and coalesce(c.committed, c.position) > coalesce(s.position, -1)
and not exists (
    select 1 from records r
    where r.topic = c.topic and r.position = c.position and r.key is not distinct from c.key and r.op = 'tombstone'
    and r.fate in ('committed', 'plain')
)
order by c.position, c.topic
