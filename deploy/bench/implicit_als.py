"""implicit's alternating least squares for `npm run evaluate -- temporal`: a line of JSON in, a line of JSON out."""

import json
import os
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy  # noqa: E402
from implicit.als import AlternatingLeastSquares  # noqa: E402
from scipy.sparse import csr_matrix  # noqa: E402


def lists(question, pairs, setting, users):
    """The best `k` items of each user, without those that the user took in `pairs`."""
    user, item = pairs
    shape = (question["userCount"], question["itemCount"])
    taken = csr_matrix((numpy.ones(len(user), dtype=numpy.float32), (user, item)), shape=shape)
    taken.sum_duplicates()
    taken.data[:] = 1
    model = AlternatingLeastSquares(
        factors=setting["factors"],
        regularization=setting["regularization"],
        alpha=1.0,
        iterations=15,
        random_state=question["seed"],
        num_threads=2,
    )
    model.fit(taken, show_progress=False)
    found, _ = model.recommend(users, taken[users], N=question["k"], filter_already_liked_items=True)
    return found.tolist()


for line in sys.stdin:
    question = json.loads(line)
    pairs = (numpy.array(question["user"]), numpy.array(question["item"]))
    users = numpy.array(question["users"])
    print(json.dumps({"lists": lists(question, pairs, question["setting"], users)}), flush=True)
