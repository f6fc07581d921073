-- torn-transaction: of the effects of one event, some are there and others are not
-- breaks: atomic, exactly-once
-- why: whoever reads several of these outputs sees a state that never was
-- remedy: write all outputs of an event, and its offset, in one transaction
-- says: event {event_id} (key {key}): {how}
with partly as (
    select event_id, any_value(key) as key, count(*) as gone, string_agg(distinct topic, ', ' order by topic) as gone_from
    from missing where fate = 'lost' and event_id is not null
    group by event_id
),
there as (
    select w.event_id, count(*) as there, string_agg(distinct w.topic, ', ' order by w.topic) as there_in
    from wanted w
    anti join missing m
        on m.event_id = w.event_id and m.topic = w.topic and m.digest = w.digest and m.nth = w.nth
    where w.event_id in (select event_id from partly)
    group by w.event_id
),
-- Only who promised it has to write in one transaction: what is whole at the end may still have been seen in part.
written as (
    select event_id, topic, fate, producer_id, epoch, kind, any_value(key) as key
    from effects where (select atomic from promise) and kind = 'topic' and event_id is not null
    group by all
),
apart as (
    select e.event_id, any_value(e.key) as key, string_agg(distinct e.topic, ', ' order by e.topic) as topics
    from written e
    group by e.event_id
    having count(distinct e.topic) > 1 and (
        bool_or(e.fate = 'plain')
        or not exists (
            select 1 from written o where o.event_id = e.event_id
            group by o.producer_id, o.epoch having count(distinct o.topic) = count(distinct e.topic)
        )
    )
)
select
    event_id, key,
    'of its ' || (there + gone) || ' effects, ' || there || ' (in ' || there_in || ') can be seen and '
    || gone || ' (in ' || gone_from || ') cannot' as how
from partly join there using (event_id)
union all
select
    event_id, key,
    'its effects in ' || topics || ' were not written in one transaction'
from apart
order by event_id, how
