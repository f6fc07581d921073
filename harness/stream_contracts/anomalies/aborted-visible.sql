-- aborted-visible: an event whose transaction was aborted has a committed effect
-- breaks: exactly-once
-- why: an aborted record never happened; its producer has taken it back
-- remedy: read with isolation.level=read_committed (Java's default is read_uncommitted)
-- says: {place} (key {key}) is an effect of aborted input: the committed input gives no such output, and event {event_id} with this key was aborted
select
    aborted_event as event_id,
    key,
    place
from unexplained
where aborted_event is not null
order by topic, partition, "offset"
