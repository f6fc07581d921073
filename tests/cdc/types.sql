create type mood as enum ('sad', 'ok', 'happy');
create type "Mixed Case" as enum ('A', 'b c');
create domain positive as integer check (value > 0);
create domain price as numeric(8, 3);
create domain short_text as varchar(7) not null;
create domain dom_of_dom as price;
create type pair as (a int, b text);
create table nokey (a int, b text);
create table uniq (a int not null unique, b text);
create table included (a int not null, b int not null, c int, unique (b, a) include (c));
create table key_included (a int, b int not null, c int, primary key (b, a) include (c));
create table loose (a int unique, b text);
create table two_unique (a int not null, b int not null, c int not null);
create unique index z_first on two_unique (a);
create unique index a_second on two_unique (c, b);
create table partial (a int not null, b int not null);
create unique index partial_a on partial (a) where b > 0;
create table expressed (a int not null, b int not null);
create unique index expressed_a on expressed (abs(a));
create table by_index (id int primary key, a int not null);
create unique index by_index_a on by_index (a);
alter table by_index replica identity using index by_index_a;
create schema "Shop-1";
create table "Shop-1"."Order Lines" ("a-b" int primary key, "Ünï" text, "1x" int);
create table defaults (
    id int not null, "Second Key" varchar(10) not null, primary key ("Second Key", id),
    d_int int default 5, d_text text default 'hi', d_nn_int int not null default 7, d_nn_text text not null default 'it''s',
    d_bool boolean not null default true, d_num numeric(10, 2) not null default 1.5, d_num_minus numeric(10, 2) default -128.07,
    d_num_free numeric not null default 2.25, d_now timestamptz not null default now(),
    d_ts timestamp not null default '2020-01-02 03:04:05', d_ts3 timestamp(3) default '2020-01-02 03:04:05.123',
    d_date date default '2020-01-02', d_current date not null default current_date, d_uuid uuid default gen_random_uuid(),
    d_uuid_const uuid default '11111111-1111-1111-1111-111111111111', d_mood mood not null default 'ok',
    d_json jsonb not null default '{}', d_arr int[] not null default '{}', d_arr2 int[] default array[1, 2],
    d_bytes bytea default '\x01', d_serial serial, d_big_serial bigserial, d_small_serial smallserial,
    d_ident int generated always as identity, d_gen int generated always as (3 + 4) stored, d_double double precision default 1.25,
    d_real real default 0.5, d_big bigint not null default 9000000000, d_small smallint default 3, d_null text default null,
    d_char char(3) default 'ab', d_time time default '01:02:03', d_timetz timetz default '01:02:03+02',
    d_tstz timestamptz default '2020-01-02 03:04:05+00', d_interval interval default '1 day', d_bit bit(3) default b'101',
    d_bit1 bit default b'1', d_money money default 3, d_upper text default upper('a'), d_vc varchar(9) default 'abc'::varchar,
    d_neg int default -5, d_expr int default 1 + 1, d_inet inet default '1.2.3.4',
    d_tstz_nn timestamptz(3) not null default '2020-01-02 03:04:05+00', d_pos positive not null default 3
);
