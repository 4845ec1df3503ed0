"""The Open Bandit Pipeline and Vowpal Wabbit for `npm run evaluate -- ope` and `-- bandit`: a line of JSON in, one out."""

import json
import sys
import types


class AbsentClass(type):
    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return AbsentClass(name, (), {})


class AbsentModule(types.ModuleType):
    """A library of the neural learners and plots, which are not used here: the package imports it at its start."""

    __path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return AbsentClass(name, (), {})


for absent in (
    ["matplotlib", "matplotlib.pyplot", "pingouin", "pyieoe", "seaborn"]
    + ["torch", "torch.nn", "torch.nn.functional", "torch.optim", "torch.utils", "torch.utils.data"]
):
    sys.modules.setdefault(absent, AbsentModule(absent))

import numpy  # noqa: E402
from obp.dataset import SyntheticBanditDataset, logistic_reward_function  # noqa: E402
from obp.ope import (  # noqa: E402
    SelfNormalizedSlateIndependentIPS,
    SelfNormalizedSlateRewardInteractionIPS,
    SelfNormalizedSlateStandardIPS,
    SlateCascadeDoublyRobust,
    SlateIndependentIPS,
    SlateRewardInteractionIPS,
    SlateStandardIPS,
)


def synthetic(question):
    """A log of obp's synthetic task; beta is the inverse temperature of the policy that logs, 0 for a uniform one."""
    dataset = SyntheticBanditDataset(
        n_actions=question["actions"],
        dim_context=question["dim"],
        reward_function=logistic_reward_function,
        random_state=question["seed"],
        beta=question["beta"],
    )
    log = dataset.obtain_batch_bandit_feedback(question["rounds"])
    return {
        "context": log["context"].tolist(),
        "action": log["action"].tolist(),
        "reward": log["reward"].tolist(),
        "propensity": log["pscore"].tolist(),
        "expected": log["expected_reward"].tolist(),
    }


def vowpal_wabbit(question):
    """Learns the rounds before `from`, and returns its probabilities of the actions in the others."""
    import vowpalwabbit

    learner = vowpalwabbit.Workspace(question["arguments"])
    rows = question["context"]
    actions = question["actions"]

    def example(round_, label=None):
        shared = " ".join(f"c{i}:{value:.6f}" for i, value in enumerate(rows[round_]))
        lines = [f"shared |U {shared}"]
        for action in range(actions):
            known = f"{action}:{label[1]}:{label[2]} " if label is not None and label[0] == action else ""
            lines.append(f"{known}|A a={action}")
        return lines

    start = question["from"]
    for round_ in range(start):
        cost = -question["reward"][round_]
        learner.learn(example(round_, (question["action"][round_], cost, question["propensity"][round_])))
    return {"probabilities": [list(learner.predict(example(r))) for r in range(start, len(rows))]}


def slates(question):
    """The estimates of obp for one log of slates; propensities are products from the first slot on, as obp has them."""
    slots = question["slots"]
    column = {name: numpy.array(question[name]) for name in question if isinstance(question[name], list)}
    rounds = len(column["reward"]) // slots
    given = {
        "slate_id": numpy.repeat(numpy.arange(rounds), slots),
        "position": numpy.tile(numpy.arange(slots), rounds),
        "reward": column["reward"].astype(float),
    }
    slot = {"pscore_item_position": column["slot"], "evaluation_policy_pscore_item_position": column["judgedSlot"]}
    cascade = {"pscore_cascade": column["cascade"], "evaluation_policy_pscore_cascade": column["judgedCascade"]}
    slate = {"pscore": column["slate"], "evaluation_policy_pscore": column["judgedSlate"]}
    doubly = SlateCascadeDoublyRobust(len_list=slots, n_unique_action=question["items"])
    return {
        "slot": {
            "ips": SlateIndependentIPS(len_list=slots).estimate_policy_value(**given, **slot),
            "self-normalised": SelfNormalizedSlateIndependentIPS(len_list=slots).estimate_policy_value(**given, **slot),
        },
        "cascade": {
            "ips": SlateRewardInteractionIPS(len_list=slots).estimate_policy_value(**given, **cascade),
            "self-normalised": SelfNormalizedSlateRewardInteractionIPS(len_list=slots).estimate_policy_value(
                **given, **cascade
            ),
            "doubly-robust": doubly.estimate_policy_value(
                **given,
                **cascade,
                action=column["action"],
                q_hat=column["qHat"],
                evaluation_policy_action_dist=column["judgedItems"],
            ),
        },
        "slate": {
            "ips": SlateStandardIPS(len_list=slots).estimate_policy_value(**given, **slate),
            "self-normalised": SelfNormalizedSlateStandardIPS(len_list=slots).estimate_policy_value(**given, **slate),
        },
    }


TASKS = {"synthetic": synthetic, "vowpal-wabbit": vowpal_wabbit, "slates": slates}

for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps(TASKS[asked["task"]](asked)), flush=True)
