create table customers (
    entry bigint generated always as identity primary key,
    id text not null,
    name text not null,
    credit integer not null
);
