-- unbounded-state: a compacted topic grows with every event
-- breaks: -
-- why: compaction keeps a record of each key, so the topic, and the memory and the time to start of who restores from it, grow for ever
-- remedy: key it by what the state is about, write tombstones for what is over, or let it age: cleanup.policy=compact,delete
-- says: {topic} has cleanup.policy={seen}, and each of its {times} records has a key of its own, where the input has {keys} keys; none is a tombstone
with written as (
    select topic, count(*) as times, count(distinct key) as keys, count(*) filter (op = 'delete') as tombstones
    from records where fate in ('committed', 'plain') group by topic
),
fed as (select count(distinct key) as keys from sends where outcome = 'ok')
select w.topic, t.cleanup_policy as seen, w.times, f.keys
from written w join topics t using (topic), fed f
-- Fewer records could differ by chance.
where t.cleanup_policy = 'compact' and w.times >= 8 and w.keys = w.times and w.keys > f.keys and w.tombstones = 0
order by w.topic
