"""Python hnswlib for `npm run bench -- index`: a line of JSON in, a line of JSON out. The first builds, the rest search."""

import base64
import json
import sys
import time

import hnswlib
import numpy

question = json.loads(sys.stdin.readline())
vectors = numpy.frombuffer(base64.b64decode(question["vectors"]), dtype="<f4").reshape(-1, question["dim"])
graph = hnswlib.Index(space="ip", dim=question["dim"])
started = time.process_time()
graph.init_index(
    max_elements=len(vectors),
    M=question["m"],
    ef_construction=question["efConstruction"],
    random_seed=question["seed"],
)
graph.add_items(vectors, num_threads=1)
graph.set_ef(question["efSearch"])
print(json.dumps({"seconds": time.process_time() - started}), flush=True)

for line in sys.stdin:
    question = json.loads(line)
    queries = vectors[question["queryRows"]]
    started = time.process_time()
    # One call for all queries: the fastest way to use it.
    labels, _ = graph.knn_query(queries, k=question["k"], num_threads=1)
    seconds = time.process_time() - started
    print(json.dumps({"seconds": seconds, "neighbours": labels.tolist()}), flush=True)
