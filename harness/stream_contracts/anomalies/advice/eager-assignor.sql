-- eager-assignor: a consumer group stops as a whole at every rebalance
-- breaks: -
-- why: with an eager assignor each member gives up all its partitions whenever one member comes or goes
-- remedy: partition.assignment.strategy=cooperative-sticky (or group.protocol=consumer)
-- says: {client} ({instance}) joins its group with the assignors {seen}, all of them eager
select client_id as client, instance, detail ->> 'protocols' as seen
from requests
-- What is no known eager assignor may be a cooperative one of the user's own, or that of Kafka Streams.
where list_has_all(['range', 'roundrobin', 'sticky'], string_split(detail ->> 'protocols', ','))
group by all
order by instance, client
