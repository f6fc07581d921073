create table totals (
    account text primary key,
    payments bigint not null,
    cents bigint not null,
    last_payer text not null,
    -- Which payments are in this sum: those of this partition up to this offset.
    source_partition integer not null,
    source_offset bigint not null
);
