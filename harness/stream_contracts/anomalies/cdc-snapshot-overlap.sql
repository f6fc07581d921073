-- cdc-snapshot-overlap: snapshot and stream do not meet: one tells what the other had told already
-- breaks: exactly-once, order
-- why: a row steps back to what it was: for who adds up it counts twice, for who reads the last one it is stale for a while
-- remedy: let one connector take the snapshot and go on from its slot; do not take snapshots of a table that is streamed without a watermark
-- says: {place} (key {key}): {how}
with told as (
    select topic, partition, "offset", key, op, position, topic || '-' || partition || '@' || "offset" as place
    from records where fate in ('committed', 'plain') and key is not null and position is not null
)
select
    s.topic, s.key, s.position, s.place,
    'the ' || s.op || ' at position ' || s.position || ' was committed before the snapshot at ' || max(r.position)
    || ', which tells it already (' || min_by(r.place, r."offset") || ')' as how
from told s
join changes c on c.topic = s.topic and c.key = s.key and c.position = s.position and c.op = s.op
join told r on r.topic = s.topic and r.key = s.key and r.op = 'read' and r."offset" < s."offset"
where c.committed <= r.position
group by s.topic, s.key, s.op, s.position, s.place
union all
select
    r.topic, r.key, r.position, r.place,
    'the snapshot at position ' || r.position || ' stands behind the change at position ' || max(s.position)
    || ' (' || min_by(s.place, s."offset") || ')'
from told r
join told s on s.topic = r.topic and s.key = r.key and s.op in ('create', 'update', 'delete') and s."offset" < r."offset"
where r.op = 'read' and s.position > r.position
group by r.topic, r.key, r.position, r.place
order by 1, 4
