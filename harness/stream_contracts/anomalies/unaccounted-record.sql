-- unaccounted-record: the run ended before an event had its effect, and no committed offset has passed it
-- breaks: recovers-within
-- why: nothing says that it is lost: the pipeline has not come to it in the time that it was given
-- remedy: see what the pipeline was waiting for when the run ended; if it is only slow, give it fewer events
-- says: event {event_id} (key {key}, at {source}) has no effect in {topic} yet
select event_id, key, source, topic
from missing
where fate = 'unaccounted'
order by event_id, topic, digest, nth
