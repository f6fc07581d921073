-- acks-not-all: a producer does not wait for all replicas
-- breaks: -
-- why: a record that only the leader has is gone when the leader dies, though it was acknowledged (with 0, it never was)
-- remedy: acks=all, and min.insync.replicas=2 on the topic
-- says: {client} ({instance}) sends with acks={seen}: {times} requests
select client_id as client, instance, (detail ->> 'acks')::bigint as seen, count(*) as times
from requests
where api = 'Produce' and (detail ->> 'acks')::bigint != -1
group by all
order by instance, client, seen
