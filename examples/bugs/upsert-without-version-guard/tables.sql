create table latest (
    account text primary key,
    cents bigint not null,
    payer text not null
);
