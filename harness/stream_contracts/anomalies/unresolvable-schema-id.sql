-- unresolvable-schema-id: records name a schema that the registry does not have
-- breaks: at-least-once, exactly-once
-- why: no consumer can read them: for the readers they are lost
-- remedy: let the serializer register or look up its schema in the registry of this environment; never copy ids between registries
-- says: the registry does not know the schema id {schema_id}, with which records of {topic} begin: {times} of them, the first is {place}
select
    r.topic, r.schema_id, count(*) as times,
    arg_min(r.topic || '-' || r.partition || '@' || r."offset", (r.partition, r."offset")) as place
from records r
anti join schemas s on s.id = r.schema_id
where r.schema_id is not null and r.fate in ('committed', 'plain') and exists (select 1 from schemas)
group by r.topic, r.schema_id
order by r.topic, r.schema_id
