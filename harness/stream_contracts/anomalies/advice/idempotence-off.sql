-- idempotence-off: a producer numbers no records, so the broker cannot see that one came twice
-- breaks: -
-- why: a request that is repeated after a lost answer doubles its records, or puts them behind later ones
-- remedy: enable.idempotence=true (librdkafka's default is false)
-- says: {times} records of {topic} came without a producer id (seen: {seen}) from {client}; the first is {place}
with senders as (
    select string_agg(distinct client_id || ' (' || instance || ')', ', ' order by client_id || ' (' || instance || ')') as client
    from requests where api = 'Produce'
)
select
    r.topic, min(r.producer_id) as seen, count(*) as times,
    arg_min(r.topic || '-' || r.partition || '@' || r."offset", (r.partition, r."offset")) as place,
    any_value(s.client) as client
from records r, senders s
where r.producer_id < 0 and r.fate = 'plain'
group by r.topic
order by r.topic
