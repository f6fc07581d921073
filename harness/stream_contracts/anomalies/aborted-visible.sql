-- aborted-visible: an event whose transaction was aborted has a committed effect
-- breaks: exactly-once
-- why: an aborted record never happened; its producer has taken it back
-- remedy: read with isolation.level=read_committed (Java's default is read_uncommitted)
-- says: {place} (key {key}) is an effect of aborted input: the committed input gives no such output, and event {event_id} with this key was aborted
with unexplained as (
    select f.* from effects f anti join expected e on e.topic = f.topic and e.digest = f.digest
)
select
    min(s.event_id) as event_id,
    u.key,
    u.topic || '-' || u.partition || '@' || u."offset" as place
from unexplained u
join sends s on s.key = u.key and s.outcome = 'aborted'
group by u.topic, u.partition, u."offset", u.key
order by place
