-- cdc-duplicate: one change of the source was emitted more than once
-- breaks: at-most-once, exactly-once
-- why: who adds up the changes counts this one twice
-- remedy: readers take a change by its position in the source, once; or let Connect write with exactly.once.support=required
-- says: the {op} of key {key} at position {position} of the source stands {times} times in {topic}: {first} and again {again}
select
    topic, key, op, position,
    count(*) as times,
    arg_min(topic || '-' || partition || '@' || "offset", "offset") as first,
    arg_max(topic || '-' || partition || '@' || "offset", "offset") as again
from records
where position is not null and op is not null and op != 'tombstone' and fate in ('committed', 'plain')
group by topic, key, op, position
having count(*) > 1
order by position, topic
