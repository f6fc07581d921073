create table latest (
    account text primary key,
    cents bigint not null,
    payer text not null,
    source_offset bigint not null
);
