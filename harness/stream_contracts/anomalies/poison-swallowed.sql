-- poison-swallowed: an event that cannot be processed was passed over, and is nowhere
-- breaks: at-least-once, exactly-once, dead-letter
-- why: it was acknowledged, and nobody will ever know that it was left out
-- remedy: write it to a dead-letter topic before its offset is committed
-- says: event {event_id} (key {key}, at {source}) cannot be processed, was passed over, and stands in no output
select
    s.event_id, s.key,
    s.topic || '-' || s.partition || '@' || s."offset" as source
from sends s
where s.kind = 'poison' and s.outcome = 'ok'
and not exists (select 1 from visible v where v.event_id = s.event_id)
and (
    exists (
        select 1 from commits c
        where c.topic = s.topic and c.partition = s.partition and c."offset" > s."offset"
        and c.fate is distinct from 'aborted'
    )
    or exists (
        select 1 from sends l join visible v on v.event_id = l.event_id
        where l.topic = s.topic and l.partition = s.partition and l."offset" > s."offset"
    )
)
order by s.event_id
