create table balances (
    account text primary key,
    payments bigint not null,
    cents bigint not null
);
-- Which payments were applied, by their place in the log.
create table applied (
    source_topic text not null,
    source_partition integer not null,
    source_offset bigint not null,
    primary key (source_topic, source_partition, source_offset)
);
