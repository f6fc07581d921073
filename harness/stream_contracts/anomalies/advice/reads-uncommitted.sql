-- reads-uncommitted: a consumer takes records of transactions that may still be aborted
-- breaks: -
-- why: its input has aborted transactions, and it acts on events that never happened
-- remedy: isolation.level=read_committed (Java's default is read_uncommitted)
-- says: {client} ({instance}) fetches with isolation_level={seen} (read_uncommitted), and its input has transactions that were aborted
select client_id as client, instance, (detail ->> 'isolation_level')::bigint as seen
from requests
where api = 'Fetch' and (detail ->> 'isolation_level')::bigint = 0
and exists (select 1 from sends where outcome = 'aborted')
group by all
order by instance, client
