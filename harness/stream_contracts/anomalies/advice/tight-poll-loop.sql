-- tight-poll-loop: a consumer asks again at once when there is nothing to read
-- breaks: -
-- why: it keeps a processor and the broker busy for nothing
-- remedy: let the broker wait for data: fetch.max.wait.ms=500 (fetch.wait.max.ms in librdkafka), and poll with a time-out
-- says: {client} ({instance}) lets the broker wait {seen} ms for data, {times} times
select client_id as client, instance, max((detail ->> 'max_wait_ms')::bigint) as seen, count(*) as times
from requests
where api = 'Fetch'
group by all
-- librdkafka itself asks once without waiting when it has just been given a partition.
having count(*) >= 10 and max((detail ->> 'max_wait_ms')::bigint) < 10
order by instance, client
