-- lost-record: an event of the input has no committed effect
-- breaks: at-least-once, exactly-once
-- why: the broker had acknowledged the event, and the fault-free run wrote its effect
-- remedy: commit an offset only after its output is acknowledged, or send offsets and output in one transaction
-- says: event {event_id} (key {key}, at {source}) has no effect in {topic}: the fault-free run wrote one, this run did not{tail}
with answered as (
    -- A loss at the very end is more often one of time than one of care: the reader should know which it is.
    select s.topic, s.partition, max(s."offset") as last
    from sends s
    join visible v on v.event_id = s.event_id
    where (s.topic, s.partition) in (select (source_topic, source_partition) from missing where fate = 'lost')
    group by s.topic, s.partition
)
select
    m.event_id,
    m.key,
    m.topic,
    m.source,
    if(a.last < m.source_offset, ' (at the end: nothing later of its partition has one)', '') as tail
from missing m
left join answered a on a.topic = m.source_topic and a.partition = m.source_partition
where m.fate = 'lost'
order by m.event_id, m.topic, m.digest, m.nth
