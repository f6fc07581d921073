-- lost-record: an event of the input has no committed effect
-- breaks: at-least-once, exactly-once
-- why: the broker had acknowledged the event, and the fault-free run wrote its effect
-- remedy: commit an offset only after its output is acknowledged, or send offsets and output in one transaction
-- says: event {event_id} (key {key}, at {source}) has no effect in {topic}: the fault-free run wrote one, this run did not
select
    e.event_id,
    e.key,
    e.topic,
    s.topic || '-' || s.partition || '@' || s."offset" as source
from expected e
anti join effects f on e.topic = f.topic and e.digest = f.digest and e.nth = f.nth
left join sends s on s.event_id = e.event_id and s.outcome = 'ok'
order by e.event_id, e.topic, e.digest, e.nth
