-- zombie-write-accepted: a producer that had a successor still wrote, and it counted
-- breaks: exactly-once
-- why: the successor had taken over the same input: what both write is there twice, or out of order
-- remedy: one transactional id for the same input, always through initTransactions, with the consumer's group metadata
-- says: {what}, although epoch {newest} of it was already there (producer id {producer_id}, epoch {epoch})
with renewed as (
    select topic, partition, producer_id from records
    group by all having min(epoch) < max(epoch)
),
logged as (
    select
        *,
        max(epoch) over (
            partition by topic, partition, producer_id order by "offset" rows between unbounded preceding and 1 preceding
        ) as newest
    from records semi join renewed using (topic, partition, producer_id)
),
asked as (
    select
        api, "at", answered_at,
        detail ->> 'transactional_id' as transactional_id,
        (detail ->> 'producer_id')::bigint as producer_id,
        (detail ->> 'producer_epoch')::bigint as epoch,
        (detail ->> 'committed')::bigint as committed
    from requests
    where api in ('AddPartitionsToTxn', 'AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn') and error = 0
)
select
    topic || '-' || partition || '@' || "offset" || ' (key ' || coalesce(key, '?') || ') was written by a former epoch' as what,
    newest, producer_id, epoch, "at"
from logged
where fate in ('committed', 'plain') and epoch < newest
union all
select
    'the transaction of ' || coalesce(e.transactional_id, '?') || ' was committed by a former epoch',
    max(n.epoch), e.producer_id, e.epoch, e.at
from asked e
join asked n on n.producer_id = e.producer_id and n.epoch > e.epoch and n.answered_at < e.answered_at
where e.api = 'EndTxn' and e.committed = 1
group by e.transactional_id, e.producer_id, e.epoch, e.at
order by what
