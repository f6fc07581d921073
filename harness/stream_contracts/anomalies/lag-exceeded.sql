-- lag-exceeded: a partition was further behind, and for longer, than promised
-- breaks: lag
-- why: its events wait for their effects for as long
-- remedy: process faster (batches, more partitions, more instances), or promise what it can hold
-- says: {partition} was more than {most} records behind for {behind_s} s ({within} s were promised), up to {lag} of them
select 1 from promise where lag_max is not null;

with steps as (
    select c."group", s.topic, s.partition, s.at, s."offset" + 1 as produced, null as committed
    from sends s
    join (select distinct "group", topic, partition from commits) c using (topic, partition)
    where s.outcome = 'ok'
    union all
    select "group", topic, partition, "at", null, "offset" from commits
    where fate is distinct from 'aborted'
),
first_sent as (select topic, partition, min("offset") as "offset" from sends group by all),
lags as (
    select
        s."group", s.topic, s.partition, s.at,
        max(s.produced) over so_far - greatest(coalesce(max(s.committed) over so_far, 0), f."offset") as lag
    from steps s join first_sent f using (topic, partition)
    window so_far as (
        partition by s."group", s.topic, s.partition order by s.at rows between unbounded preceding and current row
    )
),
spans as (
    select
        l.*, p.lag_max, p.lag_within,
        min(if(l.lag <= p.lag_max, l.at, null)) over (
            partition by l."group", l.topic, l.partition order by l.at rows between current row and unbounded following
        ) as back_at
    from lags l, promise p
),
ended as (select greatest((select max("at") from sends), (select max("at") from commits), (select max("at") from notes)) as "at")
select
    s.topic || '-' || s.partition as partition,
    any_value(s.lag_max) as most,
    any_value(s.lag_within) as within,
    max(s.lag) as lag,
    round(coalesce(s.back_at, any_value(e.at)) - min(s.at), 1) as behind_s,
    min(s.at) as "at"
from spans s, ended e
group by s."group", s.topic, s.partition, s.back_at
having coalesce(s.back_at, any_value(e.at)) - min(s.at) > any_value(s.lag_within)
order by partition, "at"
