create table last_payments (
    account text primary key,
    cents integer not null,
    payer text not null,
    -- The offset of the payment: an older one does not replace a newer one.
    version bigint not null
);

-- How far each partition is processed; written in the transaction of the rows, and read in place of Kafka's own.
create table offsets (
    topic text not null,
    partition integer not null,
    next bigint not null,
    primary key (topic, partition)
);
