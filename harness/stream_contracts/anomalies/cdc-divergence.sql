-- cdc-divergence: who takes the last record of each key has another table than the source
-- breaks: at-least-once, exactly-once
-- why: a copy that is built from the topic is wrong, and stays so until the row is changed again
-- remedy: see what was lost, or came in another order, for this key; where rows were there before the connector, let it take a snapshot
-- says: key {key} of {topic}: {how}
with last as (
    select
        topic, key, op, digest, position,
        topic || '-' || partition || '@' || "offset" || ' (position ' || coalesce(position::varchar, '?') || ')' as place
    from records
    where fate in ('committed', 'plain') and key is not null and op is not null
    qualify row_number() over (partition by topic, key order by "offset" desc) = 1
),
told as (select * from last where op not in ('delete', 'tombstone', 'event')),
-- Only of these topics is the source known.
known as (select distinct topic from changes),
newest as (select topic, key, max(position) as position from changes group by topic, key)
select
    coalesce(t.topic, s.topic) as topic,
    coalesce(t.key, s.key) as key,
    coalesce(t.position, n.position) as position,
    case
        when t.key is null
        then 'the table has this row since position ' || coalesce(n.position::varchar, '?')
        || ' of the source, and the topic does not, or ends with its delete'
        when s.key is null then 'the row is gone from the table, and the topic still has it: ' || t.place
        else 'the last record is not the row as it is in the table: ' || t.place
    end as how
from told t
full join source_rows s on s.topic = t.topic and s.key = t.key
left join newest n on n.topic = s.topic and n.key = s.key
where coalesce(t.topic, s.topic) in (select topic from known) and t.digest is distinct from s.digest
order by topic, key
