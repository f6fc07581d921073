create table customers (
    __connect_topic text,
    __connect_partition integer,
    __connect_offset bigint,
    name text not null,
    credit integer not null,
    primary key (__connect_topic, __connect_partition, __connect_offset)
);
