"""What the table must hold in the end: the newest payment of each account, and nothing of an account that was closed."""


def latest(events):
    rows = {event["key"].decode(): event["value"] for event in events}
    for account, payment in rows.items():
        yield {"table": "latest", "key": account, "value": payment and {"account": account, **payment}}
