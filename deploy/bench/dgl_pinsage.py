"""PinSage in PyTorch with DGL's samplers for `npm run bench -- pinsage-training`: a line of JSON in, a line of JSON out.

The first line holds graph, features and pairs. Each later one asks for a training from fresh weights, whose blocks
come from walks at each batch (DGL's PinSAGESampler, as its users run it) or from neighbourhoods that are given.
"""

import base64
import json
import sys
import time

import dgl
import dgl.sampling
import numpy
import torch
from torch import nn
from torch.nn import functional as F

WEIGHTS = "weights"


class Convolve(nn.Module):
    """Algorithm 1 of PinSage (KDD 2018)."""

    def __init__(self, inputs, hidden):
        super().__init__()
        self.pool = linear(inputs, hidden)
        self.combine = linear(inputs + hidden, hidden)

    def forward(self, block, states):
        importances = block.edata[WEIGHTS]
        pooled = dgl.ops.u_mul_e_sum(block, torch.relu(self.pool(states)), importances.unsqueeze(1))
        totals = dgl.ops.copy_e_sum(block, importances.unsqueeze(1)).clamp(min=1e-12)
        own = states[: block.num_dst_nodes()]
        return F.normalize(torch.relu(self.combine(torch.cat([own, pooled / totals], dim=1))))


class PinSage(nn.Module):
    """The head sees the first `direct` features of an item beside its hidden layer."""

    def __init__(self, features, hidden, layers, dim, direct):
        super().__init__()
        widths = [features] + [hidden] * (layers - 1)
        self.convolutions = nn.ModuleList(Convolve(width, hidden) for width in widths)
        self.head_hidden = linear(hidden, hidden)
        self.head_output = linear(hidden + direct, dim, bias=False)
        self.direct = direct
        with torch.no_grad():
            self.head_output.weight[:, hidden:] = 2 * torch.eye(dim, direct)

    def forward(self, blocks, states):
        places = states[: blocks[-1].num_dst_nodes(), : self.direct]
        for convolve, block in zip(self.convolutions, blocks):
            states = convolve(block, states)
        hidden = torch.relu(self.head_hidden(states))
        return F.normalize(self.head_output(torch.cat([hidden, places], dim=1)))


def linear(inputs, outputs, bias=True):
    layer = nn.Linear(inputs, outputs, bias)
    nn.init.xavier_uniform_(layer.weight)
    if bias:
        nn.init.zeros_(layer.bias)
    return layer


def margin_loss(embeddings, query, positive, negatives, hard, margin):
    """Mean hinge over queries and negatives; all but the first are positions of the batch's items in `embeddings`."""
    queries = embeddings[query]
    scores = queries @ embeddings[negatives].T
    ids = negatives.expand(len(query), -1)
    if hard.shape[1] > 0:
        scores = torch.cat([scores, torch.bmm(embeddings[hard], queries.unsqueeze(2)).squeeze(2)], dim=1)
        ids = torch.cat([ids, hard], dim=1)
    counts = (ids != query.unsqueeze(1)) & (ids != positive.unsqueeze(1))
    positive_scores = (queries * embeddings[positive]).sum(dim=1, keepdim=True)
    hinges = torch.relu(scores - positive_scores + margin)
    return (hinges * counts).sum() / counts.sum().clamp(min=1)


class WalkBlocks:
    """Neighbourhoods walked anew for every batch and layer."""

    def __init__(self, data, config):
        self.layers = config["layers"]
        self.sample = dgl.sampling.PinSAGESampler(
            dgl.heterograph(
                {
                    ("item", "lies in", "context"): ("csr", (*data["contextsOfItem"], [])),
                    ("context", "holds", "item"): ("csr", (*data["itemsOfContext"], [])),
                },
                {"item": data["items"], "context": len(data["itemsOfContext"][0]) - 1},
            ),
            "item",
            "context",
            num_traversals=config["walkLength"],
            termination_prob=config["walkRestart"],
            num_random_walks=config["walks"],
            num_neighbors=config["neighbours"],
            weight_column=WEIGHTS,
        )

    def __call__(self, seeds):
        blocks = []
        for _ in range(self.layers):
            frontier = self.sample(seeds)
            block = dgl.to_block(frontier, seeds)
            block.edata[WEIGHTS] = frontier.edata[WEIGHTS][block.edata[dgl.EID]].float()
            blocks.insert(0, block)
            seeds = block.srcdata[dgl.NID]
        return seeds, blocks


class GivenBlocks:
    """All of the neighbourhoods that were walked once for the whole training."""

    def __init__(self, data, config):
        neighbours, weights = data["neighbours"], data["importances"]
        kept = neighbours >= 0
        items = torch.arange(data["items"]).repeat_interleave(config["neighbours"])
        self.graph = dgl.graph((neighbours[kept], items[kept]), num_nodes=data["items"])
        self.graph.edata[WEIGHTS] = weights[kept]
        self.sampler = dgl.dataloading.MultiLayerFullNeighborSampler(config["layers"])

    def __call__(self, seeds):
        inputs, _, blocks = self.sampler.sample_blocks(self.graph, seeds)
        for block in blocks:
            block.edata[WEIGHTS] = self.graph.edata[WEIGHTS][block.edata[dgl.EID]]
        return inputs, blocks


def learning_rate(config, epoch, progress):
    if epoch == 1:
        return config["learningRate"] * progress
    return config["learningRate"] * config["learningRateDecay"] ** (epoch - 2 + progress)


def draw_hard(data, query, count):
    """Some of each query's hard negatives; a missing one is the query itself, which the loss does not count."""
    if count == 0:
        return query.new_empty((len(query), 0))
    candidates = data["hard"]
    drawn = candidates[query.unsqueeze(1), torch.randint(candidates.shape[1], (len(query), count))]
    return torch.where(drawn < 0, query.unsqueeze(1), drawn)


def train_epoch(model, optimiser, blocks_of, data, config, epoch):
    chosen = torch.randperm(len(data["query"]))[: config["examplesPerEpoch"]]
    examples, loss_sum = 0, 0.0
    for part in chosen.split(config["batch"]):
        query, positive = data["query"][part], data["positive"][part]
        negatives = torch.multinomial(data["popularity"], config["negatives"], replacement=True)
        hard = draw_hard(data, query, epoch - 1)
        items = [query, positive, negatives, hard.flatten()]
        targets, positions = torch.unique(torch.cat(items), return_inverse=True)
        query, positive, negatives, hard = positions.split([len(some) for some in items])

        inputs, blocks = blocks_of(targets)
        states = data["features"][inputs]
        states[torch.rand(len(inputs)) < config["hiddenPlaces"], : data["structure"]] = 0
        examples += len(part)
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(config, epoch, examples / len(chosen))
        hard = hard.view(len(part), -1)
        loss = margin_loss(model(blocks, states), query, positive, negatives, hard, config["margin"])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        loss_sum += loss.item() * len(part)
    return examples, loss_sum / examples


def train(data, config, blocks_of):
    torch.manual_seed(config["seed"])
    dgl.seed(config["seed"])
    started = time.process_time()
    direct = data["structure"] if config["directPlaces"] else 0
    model = PinSage(data["features"].shape[1], config["hidden"], config["layers"], config["dim"], direct)
    optimiser = torch.optim.Adam(model.parameters(), eps=1e-8)
    epochs = [
        train_epoch(model, optimiser, blocks_of, data, config, epoch)
        for epoch in range(1, config["epochs"] + 1)
    ]
    return {
        "cpuSeconds": time.process_time() - started,
        "examples": sum(examples for examples, _ in epochs),
        "lossByEpoch": [loss for _, loss in epochs],
    }


def array(text, dtype):
    return torch.from_numpy(numpy.frombuffer(base64.b64decode(text), dtype=dtype).copy())


def adjacency(rows):
    return array(rows["offsets"], "<i4").long(), array(rows["targets"], "<i4").long()


def read_data(question):
    items = question["items"]
    contexts_of_item = adjacency(question["contextsOfItem"])
    return {
        "items": items,
        "structure": question["structure"],
        "features": array(question["features"], "<f4").view(items, -1),
        "contextsOfItem": contexts_of_item,
        "itemsOfContext": adjacency(question["itemsOfContext"]),
        "neighbours": array(question["neighbours"], "<i4").long(),
        "importances": array(question["importances"], "<f4"),
        "query": array(question["query"], "<i4").long(),
        "positive": array(question["positive"], "<i4").long(),
        "popularity": (contexts_of_item[0].diff() + 1.0) ** question["config"]["negativePower"],
        "hard": array(question["hard"], "<i4").long().view(items, -1),
    }


def main():
    question = json.loads(sys.stdin.readline())
    data, config = read_data(question), question["config"]
    blocks = {"walks": WalkBlocks(data, config), "given": GivenBlocks(data, config)}
    print(json.dumps({"threads": torch.get_num_threads()}), flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        print(json.dumps(train(data, config | question["config"], blocks[question["blocks"]])), flush=True)


main()
