"""Produces one purchase straight to Kafka: python3 produce.py BROKERS REGISTRY [NAMESPACE]

It needs confluent-kafka and fastavro. The AvroSerializer of confluent-kafka writes the same bytes, with
auto.register.schemas=False and use.latest.version=True.
"""

import io
import json
import struct
import sys
import time
import urllib.request

import fastavro
from confluent_kafka import Producer

brokers, registry, *rest = sys.argv[1:]
prefix = f"{rest[0]}." if rest and rest[0] else ""
topic = f"{prefix}actions"

with urllib.request.urlopen(f"{registry}/subjects/{topic}-value/versions/latest") as answer:
    latest = json.load(answer)
schema = fastavro.parse_schema(json.loads(latest["schema"]))


def encode(action):
    """The Confluent wire format: a zero byte, the id of the schema, and the record in Avro."""
    body = io.BytesIO()
    body.write(struct.pack(">bI", 0, latest["id"]))
    fastavro.schemaless_writer(body, schema, action)
    return body.getvalue()


producer = Producer(
    {
        "bootstrap.servers": brokers,
        # Acknowledged by every in-sync replica, and a repeated request counts once.
        "acks": "all",
        "enable.idempotence": True,
        # The stages reject an action in another partition than that of its user.
        "partitioner": "murmur2_random",
        "compression.type": "lz4",
    }
)


def report(error, message):
    if error is not None:
        sys.exit(f"not written: {error}")
    print(f"{message.key().decode()} is in partition {message.partition()} at offset {message.offset()}")


now = int(time.time() * 1000)
action = {
    # Derived from the order, so that the purchase counts once however often it is produced.
    "eventId": "python-order-7-0",
    "userId": "2375",
    "itemId": "1082185",
    "type": "buy",
    "occurredAt": now,
    "receivedAt": now,
    "contextId": "order-7",
    "value": 2.0,
}
producer.produce(topic, key=action["userId"], value=encode(action), timestamp=now, on_delivery=report)
if producer.flush(30) > 0:
    sys.exit("not written within 30 s: produce it again with the same eventId")
