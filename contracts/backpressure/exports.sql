create table exports (
    invoice bigint primary key,
    account text not null
);
