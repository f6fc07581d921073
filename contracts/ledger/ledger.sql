create table entries (
    account text not null,
    -- Counts the entries of an account from 1: two writers cannot both append the next one.
    version bigint not null,
    cents bigint not null,
    balance bigint not null,
    reason text not null,
    source_partition integer not null,
    source_offset bigint not null,
    primary key (account, version),
    unique (source_partition, source_offset)
);
-- Where reading may begin instead of at the first entry.
create table snapshots (
    account text primary key,
    version bigint not null,
    balance bigint not null
);
