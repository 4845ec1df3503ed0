"""scipy's Ward for `npm run bench -- ward`: a line of JSON in, a line of JSON out."""

import base64
import json
import sys
import time

import numpy
from scipy.cluster.hierarchy import fcluster, linkage

for line in sys.stdin:
    question = json.loads(line)
    rows = numpy.frombuffer(base64.b64decode(question["points"]), dtype="<f4")
    # scipy computes in float64: the conversion is not held against it.
    points = rows.astype(numpy.float64).reshape(-1, question["dim"])
    started = time.process_time()
    for _ in range(question["repeats"]):
        tree = linkage(points, method="ward")
        fcluster(tree, question["alpha"], criterion="distance")
    milliseconds = (time.process_time() - started) * 1000 / question["repeats"]
    print(json.dumps({"milliseconds": milliseconds, "heights": tree[:, 2].tolist()}), flush=True)
