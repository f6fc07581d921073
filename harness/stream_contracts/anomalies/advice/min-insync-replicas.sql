-- min-insync-replicas: acks=all may mean one replica
-- breaks: -
-- why: when the followers are behind, a record that only the leader has counts as written by all
-- remedy: min.insync.replicas: 2 (one less than the replicas, so that one may fail)
-- says: {topic} is declared with min.insync.replicas={seen} and replication={replication}: {how}
select
    topic, coalesce(min_insync, 1) as seen, replication,
    if(
        coalesce(min_insync, 1) = 1, 'a write needs one replica only',
        'no replica may fail, or writes stop'
    ) as how
from topics
where replication > 1 and (coalesce(min_insync, 1) = 1 or min_insync >= replication)
order by topic
