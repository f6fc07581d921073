-- cdc-reordered: two changes of one row stand in the topic in the other order
-- breaks: order
-- why: who takes the last record of a key ends with the older of two rows
-- remedy: let the producer be idempotent (or have one request in flight), and keep the key that chooses the partition
-- says: {place} is the {op} of key {key} at position {position} of the source, and stands behind that at position {newest}
with firsts as (
    -- A repeated change repeats the order, it does not break it.
    select * from records
    where fate in ('committed', 'plain') and op in ('create', 'update', 'delete', 'event') and position is not null
    qualify row_number() over (partition by topic, key, op, position order by "offset") = 1
),
placed as (
    select *, max(position) over (
        partition by topic, key order by "offset" rows between unbounded preceding and 1 preceding
    ) as newest
    from firsts
)
select topic, key, op, position, newest, topic || '-' || partition || '@' || "offset" as place
from placed
where position < newest and key is not null
order by topic, partition, "offset"
