-- no-schema-id: records do not say which schema they were written with
-- breaks: -
-- why: a reader has to guess, and guesses wrong after the first change of the schema
-- remedy: use a serializer that registers the schema and writes its id before the data
-- says: {times} records of {topic} carry no schema id (seen: {seen}), and a registry was in use; the first is {place}
select
    topic, count(*) as times, 'none' as seen,
    arg_min(topic || '-' || partition || '@' || "offset", (partition, "offset")) as place
from records
where schema_id is null and op is distinct from 'delete' and fate in ('committed', 'plain')
and exists (select 1 from schemas)
group by topic
order by topic
