-- rebalances-ignored: work on a partition was committed by whoever does not have it any more
-- breaks: -
-- why: two members work on the same records, and each of them counts as done: what they write is doubled
-- remedy: when partitions are revoked or lost, drop what was read of them, or finish and commit it before they are given up
-- says: {instance} committed {partition}@{offset}, and {other} had committed it up to {seen} before, in the same deal of the group
with dealt as (
    -- A heartbeat is in the history where it brought its member into another epoch (KIP-848).
    select instance, "at" from requests where api in ('SyncGroup', 'ConsumerGroupHeartbeat')
),
told as (
    select c."group", c.topic, c.partition, c."offset", c.at, r.instance
    from commits c join requests r on r.api = c.via and r.at = c.at
    where c.fate is distinct from 'aborted'
)
select
    late.instance, late.topic || '-' || late.partition as partition, late."offset", early.instance as other,
    max(early."offset") as seen, min(late.at) as "at"
from told late
join told early
    on early."group" = late."group" and early.topic = late.topic and early.partition = late.partition
    and early.instance != late.instance and early.at < late.at and early."offset" >= late."offset"
where exists (select 1 from dealt d where d.instance = late.instance and d.at < early.at)
-- Who was dealt the partition in between may say where it stands.
and not exists (select 1 from dealt d where d.instance = late.instance and d.at between early.at and late.at)
group by all
order by late.instance, partition, late."offset", other
