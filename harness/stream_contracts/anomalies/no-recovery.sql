-- no-recovery: the pipeline did not come to rest in time after the fault
-- breaks: recovers-within
-- why: until then events wait, or stand where nobody sees them
-- remedy: see in the log of the pipeline what it waited for; shorten its time-outs, and let it start again when it cannot go on
-- says: {how}
with healed as (
    select max(coalesce(healed_at, applied_at)) as "at", arg_max(fault || ' ' || moment, applied_at) as fault
    from faults where applied_at is not null
)
select
    coalesce('after ' || h.fault || ', ', '')
    || case n.what when 'restless' then 'it did not come to rest: ' else 'it gave up: ' end || n.detail as how,
    (select arg_max(t.detail, t.at) from notes t where t.what = 'trace') as trace,
    n.at
from notes n, healed h
where n.what in ('restless', 'gave up')
union all
select
    'it came to rest ' || round(n.at - h.at, 1) || ' s after ' || h.fault || ' was over; ' || p.recovers_within
    || ' s were promised',
    null,
    h.at
from notes n, healed h, promise p
where n.what = 'rest' and n.at - h.at > p.recovers_within
order by how
