create table balances (
    account text primary key,
    cents bigint not null
);
