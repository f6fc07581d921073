-- window-miscounted: what the windows of a key count, and what was put aside as late, does not add up to its events
-- breaks: late
-- why: a late event was counted twice (in its window and beside it), or was left out and nobody is told
-- remedy: decide for each event, once: count it, or put it aside; and commit windows, late events and offsets together
-- says: of key {key} {sent} events were sent; its windows count {counted}, and {aside} are put aside: {off}{late}
select 1 from records where counted is not null limit 1;

with timed as (
    select
        *,
        max(time) over (partition by topic order by "at", event_id rows between unbounded preceding and 1 preceding)
        - time as late_s
    from sends where outcome = 'ok' and time is not null and kind is null
),
counted as (
    select r.key, sum(r.counted) as times
    from last_effects l join records r using (topic, partition, "offset")
    where r.counted is not null
    group by r.key
),
aside as (
    select coalesce(t.key, v.key) as key, count(*) as times
    from visible v join promise p on v.topic = p.late_to left join timed t using (event_id)
    group by coalesce(t.key, v.key)
),
-- Where a window, or what was put aside, has another key than its events, only the sums of all of them can be compared.
told_apart as (
    select bool_and(key in (select key from timed)) as yes
    from (select key from counted union all select key from aside)
),
per_key as (
    select if(yes, key, 'any') as key, sum(sent) as sent, sum(counted) as counted, sum(aside) as aside, sum(may_go) as may_go
    from (
        select
            key, count(*) as sent, 0 as counted, 0 as aside,
            -- What was dropped is accounted for where that is what was promised.
            count(*) filter (late_s > p.late_allowed and p.late_then = 'drop') as may_go
        from timed, promise p group by key
        union all select key, 0, times, 0, 0 from counted
        union all select key, 0, 0, times, 0 from aside
    ), told_apart
    group by 1
),
late as (
    select if(yes, key, 'any') as key, string_agg(event_id || ' (' || round(late_s, 1) || ' s)', ', ' order by event_id) as ids
    from timed, told_apart where late_s > 0 group by 1
)
select
    k.key, k.sent, k.counted, k.aside,
    if(
        k.counted + k.aside > k.sent,
        (k.counted + k.aside - k.sent) || ' too many',
        (k.sent - k.counted - k.aside) || ' missing'
    ) as off,
    '; late were the events ' || l.ids as late
from per_key k left join late l using (key)
where k.counted + k.aside not between k.sent - k.may_go and k.sent
order by k.key
