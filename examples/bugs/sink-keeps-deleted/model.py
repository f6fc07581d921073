"""What the table must hold in the end: the newest record of each customer, and nothing of one who was deleted."""


def newest(events):
    rows = {event["key"].decode(): event["value"] for event in events}
    for customer, record in rows.items():
        yield {"table": "customers", "key": customer, "value": record and {"id": customer, **record["payload"]}}
