-- state-divergence: a committed output that the fault-free run does not have
-- breaks: exactly-once, duplicates
-- why: the same input must give the same output, whatever happens on the way
-- remedy: keep what the output depends on (time, counters, caches) out of it or in the same transaction; name fields that may differ under compare.ignore
-- says: {place} (key {key}) holds a value that the fault-free run never wrote
select
    event_id,
    key,
    place
from unexplained
where aborted_event is null
order by topic, partition, "offset"
