-- in-work-is-bounded: more invoices were in work at once than the exporter may hold
-- breaks: exactly-once
-- why: what is read ahead of a slow sink takes memory without a bound, and the time for a poll with it
-- says: one transaction exported {times} invoices; 4 are allowed
select txid, count(*) as times, min("at") as "at"
from writes group by txid having count(*) > 4
order by txid
