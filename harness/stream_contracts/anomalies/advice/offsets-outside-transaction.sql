-- offsets-outside-transaction: an instance that writes in transactions commits its offsets outside of them
-- breaks: -
-- why: between the two commits a crash doubles the output or loses it
-- remedy: send the offsets with the transaction (sendOffsetsToTransaction), and switch auto-commit off
-- says: {client} ({instance}) committed offsets {times} times on its own (seen: OffsetCommit), and has the transactional id {transactional_id}
with transactional as (
    select instance, min(detail ->> 'transactional_id') as transactional_id
    from requests
    where detail ->> 'transactional_id' is not null
    group by instance
)
select r.client_id as client, r.instance, t.transactional_id, count(*) as times
from requests r join transactional t using (instance)
where r.api = 'OffsetCommit' and r.error = 0
group by all
order by r.instance, client
