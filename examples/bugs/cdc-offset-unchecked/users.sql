create type plan as enum ('free', 'team', 'company');

create table users (
    id bigint primary key,
    email text not null,
    nick varchar(20),
    plan plan not null default 'free',
    credit numeric(12, 2) not null default 0,
    active boolean not null default true,
    about text,
    settings jsonb,
    seen_at timestamptz
);

create publication users_cdc for table users;
