-- state-divergence: a committed output that the fault-free run does not have
-- breaks: exactly-once
-- why: the same input must give the same output, whatever happens on the way
-- remedy: keep what the output depends on (time, counters, caches) out of it or in the same transaction; name fields that may differ under compare.ignore
-- says: {place} (key {key}) holds a value that the fault-free run never wrote
select
    f.event_id,
    f.key,
    f.topic || '-' || f.partition || '@' || f."offset" as place
from effects f
anti join expected e on e.topic = f.topic and e.digest = f.digest
where not exists (select 1 from sends s where s.key = f.key and s.outcome = 'aborted')
order by f.topic, f.partition, f."offset"
