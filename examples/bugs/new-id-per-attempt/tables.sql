create table entries (
    id uuid primary key,
    account text not null,
    cents bigint not null,
    payer text not null
);
