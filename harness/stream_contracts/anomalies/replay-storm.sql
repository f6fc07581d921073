-- replay-storm: much more was processed again than a restart explains
-- breaks: -
-- why: each repetition costs time and, where effects are not idempotent, doubles them
-- remedy: commit offsets as you go, never seek to the beginning, and let a restart begin at the committed offset
-- says: {what}
with lives as (
    select (select count(*) from processes) + (select count(*) from faults where applied_at is not null) as times
),
steps as (
    select
        *,
        max("offset") over (
            partition by "group", topic, partition order by "at" rows between unbounded preceding and 1 preceding
        ) as before
    from commits where via = 'OffsetCommit' or fate = 'committed'
)
select
    topic || '-' || partition || ': the committed offset of ' || "group" || ' went back from ' || before || ' to ' || "offset" as what,
    "at"
from steps where "offset" < before
union all
select
    'one effect stands ' || any_value(r.found) || ' times in ' || r.topic || ', in ' || any_value(l.times)
    || ' lives and faults; the first is ' || arg_min(r.place, r.nth),
    min(r.at)
from repeats r, lives l
where l.times > 0 and r.found > r.wanted * (1 + l.times)
group by r.topic, r.digest
order by what
