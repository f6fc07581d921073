create table entries (
    id bigint generated always as identity primary key,
    account text not null,
    cents bigint not null,
    payer text not null
);
-- How far each partition was read.
create table positions (
    source_partition integer primary key,
    next_offset bigint not null
);
