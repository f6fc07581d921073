-- one-partition-topic: a topic has one partition
-- breaks: -
-- why: one instance of a group does all the work, however many there are; and more partitions later move keys
-- remedy: choose the number of partitions for the load of the coming years, at the start
-- says: {topic} is declared with partitions={seen}
select topic, partitions as seen from topics where partitions = 1 order by topic
