-- cdc-torn-transaction: of a transaction of the source some changes were told and others not, or nobody told where it ends
-- breaks: atomic
-- why: a reader cannot tell when it has all of a transaction, and shows a state that never was
-- remedy: set provide.transaction.metadata=true, and read the changes of a transaction up to its END
-- says: transaction {txid} of the source in {topic}: {how}
with source as (
    select c.topic, c.txid, count(*) as wanted, min(c.key) as key, min(c.position) as position
    from changes c
    left join snapshots s on s.topic = c.topic
    where c.op != 'tombstone' and coalesce(c.committed, c.position) > coalesce(s.position, -1)
    group by c.topic, c.txid
),
emitted as (
    select topic, txid, count(distinct (key, op, position)) as there
    from records
    where fate in ('committed', 'plain') and op in ('create', 'update', 'delete', 'event')
    group by topic, txid
),
ends as (select topic, txid, max(events) as events from boundaries group by topic, txid)
select
    topic, txid, key, position,
    case
        when there < wanted then there || ' of its ' || wanted || ' changes are there'
        when events is null then 'no record tells its end'
        else 'its end tells ' || events || ' events, and it has ' || wanted
    end as how
from source
left join emitted using (topic, txid)
left join ends using (topic, txid)
where (there between 1 and wanted - 1)
or (there is not null and (select atomic from promise) and events is distinct from wanted)
order by position, topic
