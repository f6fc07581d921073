-- replay-divergence: after the whole input was processed again, a key does not end where it ended before
-- breaks: replay
-- why: the outputs cannot be rebuilt from the input
-- remedy: make effects idempotent by key, and let them depend on the event alone: not on time, order between keys, or what is there already
-- says: {topic}: key {key} ends {how}
select 1 from notes where what = 'replayed';

select
    coalesce(e.topic, l.topic) as topic,
    coalesce(e.key, l.key) as key,
    case
        when l.digest is null then 'without the value that it had'
        when e.digest is null then 'with a value (' || l.place || ') that it did not have'
        else 'with another value: ' || l.place
    end as how
from (select * from expected where final and key is not null) e
full join (
    select * from visible where key is not null
    qualify row_number() over (
        partition by kind, topic, key, "window" order by partition desc, "offset" desc
    ) = 1
) l
    on l.topic = e.topic and l.key = e.key and l."window" is not distinct from e."window"
where (
    e.digest is distinct from l.digest
    or (e.op is not distinct from 'delete') != (l.op is not distinct from 'delete')
)
-- A table that never had the row, and one that had it deleted, are the same.
and not (l.digest is null and e.op is not distinct from 'delete')
and not (e.digest is null and l.op is not distinct from 'delete')
order by topic, key
