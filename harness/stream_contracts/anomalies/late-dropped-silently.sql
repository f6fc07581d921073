-- late-dropped-silently: an event that came late has no effect anywhere
-- breaks: late
-- why: it was acknowledged, it is in no output, and nothing tells anybody that it was left out
-- remedy: write late events to an output of their own, or allow them more time (grace)
-- says: event {event_id} (key {key}, at {source}) came {late_s} s late and has no effect in any output
select 1 from sends where time is not null limit 1;

with timed as (
    select
        *,
        max(time) over (partition by topic order by "at", event_id rows between unbounded preceding and 1 preceding)
        - time as late_s
    from sends where outcome = 'ok' and time is not null and kind is null
),
answered as (select distinct event_id from visible where event_id in (select event_id from timed)),
-- A pipeline that leaves out events which are in time (a filter) does not show by a missing effect what it dropped.
answers_all as (
    select count(*) > 0 and bool_and(a.event_id is not null) as yes
    from timed t left join answered a using (event_id)
    where coalesce(t.late_s, 0) <= 0
)
select
    t.event_id, t.key, t.late_s, t.at,
    t.topic || '-' || t.partition || '@' || t."offset" as source
from timed t anti join answered a using (event_id), answers_all w, promise p
where w.yes and t.late_s > 0 and (p.late_then is distinct from 'drop' or t.late_s <= p.late_allowed)
order by t.event_id
