-- hanging-transaction: a transaction was left open, and readers were blind behind it
-- breaks: recovers-within
-- why: readers with read_committed get nothing more from the partition until it ends, at worst for transaction.timeout.ms
-- remedy: use the same transactional id after a restart (its initTransactions ends the old one), or a short transaction.timeout.ms
-- says: {whose} was left open{where}: {how}
with known as (
    select
        t.*,
        coalesce(t.ended_at, (select max("at") from notes), t.started_at) - t.started_at as blind_s
    from transactions t
    where t.state = 'open' or t.ended_by in ('harness', 'timeout')
),
seen as (
    select producer_id, epoch, topic, partition, min("offset") as "offset", count(*) as records
    from records where fate = 'open' group by all
)
select
    'the transaction of ' || k.transactional_id || ' (producer id ' || k.producer_id || ', epoch ' || k.epoch || ')' as whose,
    coalesce(' on ' || k.topic || '-' || k.partition, '') as "where",
    case
        when k.ended_by = 'harness' then 'after ' || round(k.blind_s, 1) || ' s it was ended by us, for nobody else would have in time'
        when k.ended_by = 'timeout' then 'it ended after ' || round(k.blind_s, 1) || ' s, when its coordinator gave it up'
        else 'it was open for ' || round(k.blind_s, 1) || ' s when the run was over'
    end as how,
    k.started_at as "at"
from known k, promise p
where k.ended_by = 'harness' or p.recovers_within is null or k.blind_s > p.recovers_within
union all
select
    'a transaction of producer id ' || s.producer_id || ', epoch ' || s.epoch,
    ' on ' || s.topic || '-' || s.partition,
    'from offset ' || s."offset" || ' on, records of it (' || s.records || ') could not be read when the run was over',
    null
from seen s
anti join known k on k.producer_id = s.producer_id
union all
select
    'a transaction', ' on ' || e.topic || '-' || e.partition,
    'readers end at offset ' || e.stable || ', the log at ' || e.high, e.at
from ends e
where e.stable < e.high
and not exists (select 1 from seen s where s.topic = e.topic and s.partition = e.partition)
and not exists (
    select 1 from known k where k.topic is null or (k.topic = e.topic and k.partition = e.partition)
)
order by whose, "where"
