-- commit-ahead-of-output: an offset was committed before the output of its event was in the log
-- breaks: -
-- why: nothing was lost this time; had the pipeline died in between, the event would have had no effect
-- remedy: flush, and look at each delivery report, before the offset is committed
-- says: event {event_id} (key {key}, at {source}) was behind a committed offset {ahead_s} s before its effect {place} was written
with suspects as materialized (
    select distinct p.event_id, p.at
    from passed p join visible v on v.event_id = p.event_id
    where v.at > p.at + 0.01  -- the log counts in milliseconds
),
-- One that had an effect in time, and another later, was only processed again.
first_effects as (
    select event_id, min("at") as "at"
    from visible where event_id in (select event_id from suspects)
    group by event_id having count("at") = count(*)
),
ahead as materialized (
    select f.event_id, f.at, s.at as passed_at
    from first_effects f join suspects s on s.event_id = f.event_id
    where f.at > s.at + 0.01
)
select
    s.event_id, s.key, a.passed_at as "at",
    s.topic || '-' || s.partition || '@' || s."offset" as source,
    min(v.place) as place,
    round(a.at - a.passed_at, 3) as ahead_s
from ahead a
join (select * from sends where outcome = 'ok' and (select count(*) > 0 from ahead)) s on s.event_id = a.event_id
join (select * from visible where (select count(*) > 0 from ahead)) v on v.event_id = a.event_id and v.at = a.at
group by all
order by s.event_id
