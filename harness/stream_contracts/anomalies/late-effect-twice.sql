-- late-effect-twice: a late event is counted in its window, and put aside as well
-- breaks: late
-- why: who adds up what was put aside counts this event twice
-- remedy: decide for each event, once: count it, or put it aside
-- says: event {event_id} (key {key}, {late_s} s late) is counted at {place} and put aside at {aside}
select 1 from records where counted is not null limit 1;

with timed as (
    select
        *,
        max(time) over (partition by topic order by "at", event_id rows between unbounded preceding and 1 preceding)
        - time as late_s
    from sends where outcome = 'ok' and time is not null and kind is null
)
select t.event_id, t.key, round(t.late_s, 1) as late_s, min(w.place) as place, min(v.place) as aside
from timed t
join promise p on true
join visible v on v.event_id = t.event_id and v.topic = p.late_to
join visible w on w.event_id = t.event_id
join records r on r.topic = w.topic and r.partition = w.partition and r."offset" = w."offset" and r.counted is not null
group by all
order by t.event_id
