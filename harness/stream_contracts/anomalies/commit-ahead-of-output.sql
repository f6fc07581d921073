-- commit-ahead-of-output: an offset was committed before the output of its event was in the log
-- breaks: -
-- why: nothing was lost this time; had the pipeline died in between, the event would have had no effect
-- remedy: flush, and look at each delivery report, before the offset is committed
-- says: event {event_id} (key {key}, at {source}) was behind a committed offset {ahead_s} s before its effect {place} was written
with first_effects as (
    select event_id, min("at") as "at", arg_min(place, "at") as place
    from visible where event_id is not null
    group by event_id having count("at") = count(*)
)
select
    s.event_id, s.key, f.place, p.at,
    s.topic || '-' || s.partition || '@' || s."offset" as source,
    round(f.at - p.at, 3) as ahead_s
from first_effects f
join sends s on s.event_id = f.event_id and s.outcome = 'ok'
join passed p on p.event_id = s.event_id
where f.at > p.at + 0.01  -- the log counts in milliseconds
order by s.event_id
