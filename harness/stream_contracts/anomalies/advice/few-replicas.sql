-- few-replicas: a topic has fewer than three replicas
-- breaks: -
-- why: with one broker in repair and one that fails, acknowledged records are gone or writes stop
-- remedy: replication: 3
-- says: {topic} is declared with replication={seen}
select topic, replication as seen from topics where replication < 3 order by topic
