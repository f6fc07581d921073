-- rebalance-storm: the members of a group joined it again and again
-- breaks: recovers-within
-- why: while a group rebalances, its partitions stand still
-- remedy: poll often enough (max.poll.interval.ms), give members a group.instance.id, use a cooperative assignor
-- says: {instance} joined its group {times} times, from {first_at} s to {at} s; {most} times are explained by the lives of processes ({lives}) and by faults ({struck})
with allowed as (
    select
        (select count(*) from processes) as lives,
        (select count(*) from faults where applied_at is not null) as struck
),
joined as (
    select instance, count(*) as times, round(min("at"), 1) as first_at, round(max("at"), 1) as "at"
    -- Of the heartbeats of KIP-848, which have no other round, those are kept that brought a member into another epoch.
    from requests where api in ('JoinGroup', 'ConsumerGroupHeartbeat') and error = 0
    group by instance
)
-- Each start and each end of a member may take two rounds (cooperative), and each of them asks everybody.
select j.instance, j.times, j.first_at, j.at, a.lives, a.struck, 4 + 4 * (a.lives + a.struck) as most
from joined j, allowed a
where j.times > 4 + 4 * (a.lives + a.struck)
order by j.instance
