-- dead-letter-mismatch: one event stands in the dead-letter topic and among the effects
-- breaks: dead-letter
-- why: who repairs and sends the dead letters again would process it twice
-- remedy: write either the effect or the dead letter, in one transaction with the offset
-- says: event {event_id} (key {key}) is a dead letter at {letter} and has an effect at {place}
select
    d.event_id, any_value(s.key) as key,
    min(d.place) as letter,
    min(v.place) as place
from visible d
join promise p on d.topic = p.dead_letter
join visible v on v.event_id = d.event_id and v.topic != d.topic
left join sends s on s.event_id = d.event_id
group by d.event_id
order by d.event_id
