-- hidden-record: the effect of an event stands behind a transaction that is still open
-- breaks: -
-- why: readers with read_committed do not see it until that transaction ends; it is not lost
-- remedy: keep one transactional id per instance over restarts, so that its next start ends what the last one left open
-- says: event {event_id} (key {key}, at {source}) has an effect at {place} that nobody sees: its transaction is open
select event_id, key, source, hidden_at as place
from missing
where fate = 'hidden'
order by event_id, topic, digest, nth
