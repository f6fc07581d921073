"""What a run leaves behind beside its outputs: transactions that nobody ends, where its outputs end, whether it rests."""

from __future__ import annotations

from stream_contracts.history.model import Declared, End, Note, Transaction
from stream_contracts.trial.case import Case
from stream_contracts.trial.cluster import READ_COMMITTED


def end_orphans(case: Case) -> bool:
    """End the transactions that a former life left open and no living one will end; whether there were any.

    Nobody would in time: their readers are blind until the transaction's own timeout. The history says whose it was.
    """
    left = {name for instance in case.instances for name in instance.former_ids}
    left -= {name for instance in case.instances if instance.alive for name in instance.lane.transactional_ids}
    cluster, now = case.arena.cluster, case.clock()
    found = cluster.open_transactions(sorted(left))
    for each in found:
        cluster.fence(each.transactional_id)
        topic, partition = next(case.declared(each.partitions), (None, None))
        case.journal.add(
            Transaction(
                each.transactional_id, each.producer_id, each.epoch, "aborted", now - each.age_s, now, "harness",
                topic, partition,
            )
        )  # fmt: skip
    return bool(found)


def close(case: Case, restless: str) -> None:
    """Write down how it ended: at rest or not, where the outputs end, and what the topics are like."""
    arena, now = case.arena, case.clock()
    case.journal.add(Note("restless", restless, now) if restless else Note("rest", "", now))
    stable, high = arena.cluster.ends(case.outputs, READ_COMMITTED), arena.cluster.ends(case.outputs)
    for (topic, number), partition in zip(case.declared(case.outputs), case.outputs, strict=True):
        readable, written = stable[partition], high[partition]
        if readable is not None and written is not None:
            case.journal.add(End(topic, number, readable, written, now))
    for name in dict.fromkeys((*arena.pipeline.reads, *arena.pipeline.topics_written)):
        declared = arena.contract.topics[name]
        least = declared.settings.get("min.insync.replicas")
        policy = declared.settings.get("cleanup.policy")
        case.journal.add(
            Declared(name, declared.partitions, declared.replication, int(least) if least else None, policy)
        )
