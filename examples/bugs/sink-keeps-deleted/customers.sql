create table customers (
    id text primary key,
    name text not null,
    credit integer not null
);
