-- lost-record: an event of the input has no committed effect
-- breaks: at-least-once, exactly-once
-- why: the broker had acknowledged the event, and the fault-free run wrote its effect
-- remedy: commit an offset only after its output is acknowledged, or send offsets and output in one transaction
-- says: event {event_id} (key {key}, at {source}) has no effect in {topic}: the fault-free run wrote one, this run did not
with seen as (
    select f.topic, f.digest, f.event_id, count(*) as times
    from effects f join contents c on c.topic = f.topic and c.digest = f.digest
    group by all
),
short as (
    select e.*, c.found, row_number() over (partition by e.topic, e.digest, e.event_id order by e.nth) as of_event
    from expected e
    join contents c on c.topic = e.topic and c.digest = e.digest and c.found < c.wanted
),
-- Where several events have the same output and one is missing: those that an effect is known of are not the lost ones.
ranked as (
    select
        e.*,
        row_number() over (
            partition by e.topic, e.digest order by coalesce(n.times, 0) >= e.of_event desc, e.nth
        ) as place
    from short e
    left join seen n on n.topic = e.topic and n.digest = e.digest and n.event_id = e.event_id
)
select
    e.event_id,
    e.key,
    e.topic,
    s.topic || '-' || s.partition || '@' || s."offset" as source
from ranked e
left join sends s on s.event_id = e.event_id and s.outcome = 'ok'
where e.place > e.found
order by e.event_id, e.topic, e.digest, e.nth
