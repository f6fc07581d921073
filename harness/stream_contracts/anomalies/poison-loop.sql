-- poison-loop: the pipeline ends itself again and again at the same event
-- breaks: recovers-within, dead-letter, poison
-- why: everything behind that event waits, for ever
-- remedy: put an event that cannot be processed aside (a dead-letter topic), and go on
-- says: {name} ended itself {times} times from {first_at} s to {at} s and came no further{event}
select name from processes where exit != 0 group by name having count(*) >= 4;

with deaths as (
    select p.name, count(*) as times, round(min(p.ended_at), 1) as first_at, round(max(p.ended_at), 1) as "at"
    from processes p
    -- 0: it meant to; the others: it was told to, or killed.
    where p.exit is not null and p.exit not in (0, -2, -9, -15, 130, 137, 143)
    and not exists (
        select 1 from faults f
        -- What is in the input stays there, and is no reason to end.
        where f.applied_at is not null and f.moment not like '%(input)' and p.ended_at between f.applied_at and coalesce(f.healed_at, f.applied_at) + 1
    )
    group by p.name having count(*) >= 4
),
stuck as (
    select
        s.event_id, s.topic || '-' || s.partition || '@' || s."offset" as source,
        coalesce(s.kind in ('poison', 'skip'), false) as poison
    from sends s
    anti join passed p using (event_id)
    anti join visible v using (event_id)
    where s.outcome = 'ok' and (
        s.kind is null or s.kind not in ('poison', 'skip') or not exists (
            select 1 from commits c
            where c.topic = s.topic and c.partition = s.partition and c."offset" > s."offset"
            and c.fate is distinct from 'aborted'
        )
    )
    order by poison desc, s.event_id
    limit 1
)
select
    d.name, d.times, d.first_at, d.at, s.event_id,
    coalesce('; the first event without an effect is ' || s.event_id || ', at ' || s.source, '') as event
from deaths d left join stuck s on true
-- Other partitions may go on in between: of an event that nobody can read it is enough that nothing ever passed it.
where s.poison or not exists (select 1 from commits c where c.at > d.first_at and c.at < d.at)
order by d.name
