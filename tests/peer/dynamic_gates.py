"""Times ONNX graphs of gated networks that compute only the open channels of each image, beside slim networks.

The network is a ResNet-18 of width 64 with the stem `cifar`, on one image of 32x32. A gate opens channels of the hidden
map of each block: the outputs of conv1, which are the inputs of conv2. Weights are random and norms are folded into the
convolutions. The gates compute their logits from the image, but their last biases are -1000 or 1000. So the share of
open channels is known, and ONNX Runtime cannot fold the decision into the graph.

- dense: every channel, without gates.
- masked: every channel, and closed ones are multiplied by 0.
- slim: without gates. The channels that the gates close are cut out of the weights.
- dynamic: the convolutions get weights that the graph gathers for each image. The forms differ in the second one:
  - columns: Gather along axis 1 of [outputs, inputs, 3, 3];
  - transposed: Gather along axis 0 of [inputs, outputs, 3, 3], then Transpose;
  - transposed conv: Gather along axis 0 of [inputs, outputs, 3, 3] with flipped kernels, then ConvTranspose;
  - branches: no Gather, but an If for each group, which adds the group's part with constant weights;
  - blocked: Gather from weights in the layout of ONNX Runtime's fast convolutions (NCHWc), and these convolutions by
    their internal names. This is not portable: the layout depends on the processor (--lanes 16 for AVX-512, else 8).

Masked, slim and dynamic graphs of the same gates must agree to 1e-4 of the largest feature. The script fails otherwise.
"""

import argparse
import timeit
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnxruntime
from onnx import GraphProto, TensorProto, ValueInfoProto, helper, numpy_helper

WIDTH, IMAGE, GROUPS, TOLERANCE = 64, 32, (1, 16), 1e-4
SLIM, GAIN = "slim, multiples of 16", 0.9  # the rule: dynamic graphs must take at most this share of its time
BLOCKED = "com.microsoft.nchwc"


@dataclass
class Block:
    """Shape of a basic block, and its weights by name."""

    inputs: int
    channels: int
    stride: int
    size: int  # height and width of the output
    weights: dict[str, np.ndarray]

    def macs(self, hidden: float, group: int = 0) -> float:
        """Multiply-accumulates, of a gate with this group too, unless the group is 0."""
        projection = self.inputs * self.channels if "shortcut" in self.weights else 0
        gate = self.inputs // 4 * (self.inputs + self.channels // group) if group else 0
        return self.size**2 * (9 * hidden * (self.inputs + self.channels) + projection) + gate


class Network:
    """Random weights of the stem and of all blocks."""

    def __init__(self, seed: int):
        random = np.random.default_rng(seed)

        def draw(*shape: int) -> np.ndarray:
            deviation = (2 / np.prod(shape[1:])) ** 0.5 if len(shape) > 1 else 0.1
            return random.normal(0, deviation, shape).astype(np.float32)

        self.stem, self.stem_bias, self.blocks = draw(WIDTH, 3, 3, 3), draw(WIDTH), []
        inputs, size = WIDTH, IMAGE
        for index in range(8):
            channels, stride = WIDTH << index // 2, 2 if index in (2, 4, 6) else 1
            size //= stride
            shapes = {"conv1": (channels, inputs, 3, 3), "bias1": (channels,), "gate": (inputs // 4, inputs)}
            shapes |= {"conv2": (channels, channels, 3, 3), "bias2": (channels,), "gate_bias": (inputs // 4,)}
            shapes |= {"shortcut": (channels, inputs, 1, 1), "shortcut_bias": (channels,)} if stride > 1 else {}
            shapes |= {f"logits{group}": (channels // group, inputs // 4) for group in GROUPS}
            weights = {name: draw(*shape) for name, shape in shapes.items()}
            self.blocks.append(Block(inputs, channels, stride, size, weights))
            inputs = channels

    def share(self, hidden: list[float], group: int = 0) -> float:
        """MACs divided by the dense network's MACs. Includes gates of this group, or no gates if it is 0."""
        own = sum(block.macs(count, group) for block, count in zip(self.blocks, hidden))
        stem, dense = IMAGE**2 * 27 * WIDTH, sum(block.macs(block.channels) for block in self.blocks)
        return (stem + own) / (stem + dense)

    def widths(self, cost: float, unit: int, offset: int) -> list[int]:
        """Hidden channels of each block: multiples of the unit, plus the offset; about equal shares."""
        ends = [self.share([share * block.channels for block in self.blocks]) for share in (0, 1)]
        share = (cost - ends[0]) / (ends[1] - ends[0])  # meets the cost without rounding
        ideal = [(share * block.channels - offset) / unit for block in self.blocks]
        counts = [max(int(value), 0 if offset else 1) for value in ideal]
        for index in sorted(range(len(ideal)), key=lambda i: counts[i] - ideal[i]):  # largest remainders first
            more = [count + (i == index) for i, count in enumerate(counts)]
            before, after = (self.share([unit * c + offset for c in each]) for each in (counts, more))
            counts = more if abs(after - cost) < abs(before - cost) else counts
        return [unit * count + offset for count in counts]


class Graph:
    """An ONNX graph under construction. Its methods append nodes and return the names of their outputs."""

    def __init__(self, lanes: int = 0, prefix: str = ""):
        self.lanes, self.prefix = lanes, prefix  # lanes: channels that the blocked layout keeps together, 0 for NCHW
        self.nodes, self.constants = [], []

    def constant(self, value) -> str:
        name = f"{self.prefix}constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, *inputs: str, outputs: int = 1, **attributes):
        names = [f"{self.prefix}value{len(self.nodes)}_{index}" for index in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names[0] if outputs == 1 else names

    def reshape(self, value: str, *shape: int) -> str:
        return self.node("Reshape", value, self.constant(shape))

    def kernels(self, value: np.ndarray) -> np.ndarray:
        """A weight [O, I, h, w], with its elements in the order of the blocked layout if the graph uses it."""
        if self.lanes == 0:
            return value
        outputs, inputs, *kernel = value.shape
        inner = self.lanes if inputs >= self.lanes else 1  # the first convolution reads an image in NCHW
        blocks = value.reshape(outputs // self.lanes, self.lanes, inputs // inner, inner, *kernel)
        return blocks.transpose(0, 2, 4, 5, 3, 1).reshape(value.shape)

    def conv(self, x: str, weight, bias, kernel: int = 3, stride: int = 1, add: str = "", relu: bool = True) -> str:
        """A convolution, plus a map of its shape. Weight and bias are arrays or names of computed values."""
        weight = self.constant(self.kernels(weight)) if isinstance(weight, np.ndarray) else weight
        bias = self.constant(bias) if isinstance(bias, np.ndarray) else bias
        shape = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [kernel // 2] * 4}
        if self.lanes:
            shape |= {"activation": "Relu"} if relu else {}
            return self.node("Conv", x, weight, bias, *([add] if add else []), domain=BLOCKED, **shape)
        x = self.node("Conv", x, weight, bias, **shape)
        x = self.node("Add", x, add) if add else x
        return self.node("Relu", x) if relu else x

    def pool(self, x: str) -> str:
        return self.node("Flatten", self.node("GlobalAveragePool", x, domain=BLOCKED if self.lanes else ""))

    def shortcut(self, x: str, block: Block) -> str:
        w = block.weights
        return self.conv(x, w["shortcut"], w["shortcut_bias"], 1, block.stride, relu=False) if "shortcut" in w else x

    def gate(self, x: str, block: Block, opened: np.ndarray) -> str:
        """Bits [1, groups], computed from the block's input, and equal to `opened` for every image."""
        w, bias = block.weights, np.where(opened, 1000, -1000).astype(np.float32)
        first = self.node("Gemm", self.pool(x), self.constant(w["gate"].T), self.constant(w["gate_bias"]))
        second = self.constant(w[f"logits{block.channels // len(opened)}"].T)
        logits = self.node("Gemm", self.node("Relu", first), second, self.constant(bias))
        return self.node("GreaterOrEqual", logits, self.constant(np.float32(0)))

    def graph(self, inputs: list[ValueInfoProto], output: str, shape: list[int] | None = None) -> GraphProto:
        outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)]
        return helper.make_graph(self.nodes, "graph", inputs, outputs, self.constants)


def masked(graph: Graph, x: str, block: Block, opened: np.ndarray) -> str:
    w, group = block.weights, block.channels // len(opened)
    mask = graph.node("Cast", graph.gate(x, block, opened), to=TensorProto.FLOAT)
    mask = graph.node("Expand", graph.reshape(mask, 1, -1, 1), graph.constant([1, len(opened), group]))
    hidden = graph.conv(x, w["conv1"], w["bias1"], stride=block.stride)
    hidden = graph.node("Mul", hidden, graph.reshape(mask, 1, -1, 1, 1))
    return graph.conv(hidden, w["conv2"], w["bias2"], add=graph.shortcut(x, block))


def slim(graph: Graph, x: str, block: Block, opened: np.ndarray) -> str:
    w, kept = block.weights, np.repeat(opened, block.channels // len(opened))
    hidden = graph.conv(x, w["conv1"][kept], w["bias1"][kept], stride=block.stride)
    return graph.conv(hidden, w["conv2"][:, kept], w["bias2"], add=graph.shortcut(x, block))


def dynamic(second: str) -> Callable:
    """A form with gathered weights. Gather copies whole groups: a group's weights are one row of the constant."""

    def form(graph: Graph, x: str, block: Block, opened: np.ndarray) -> str:
        w, inputs, channels = block.weights, block.inputs, block.channels
        rows = graph.reshape(graph.node("NonZero", graph.reshape(graph.gate(x, block, opened), -1)), -1)

        def gathered(value: np.ndarray, *shape: int, axis: int = 0) -> str:
            by_group = graph.constant(value.reshape(*value.shape[:axis], len(opened), -1))
            return graph.reshape(graph.node("Gather", by_group, rows, axis=axis), *shape)

        weight, bias = gathered(graph.kernels(w["conv1"]), -1, inputs, 3, 3), gathered(w["bias1"], -1)
        hidden = graph.conv(x, weight, bias, stride=block.stride)
        by_input, add = w["conv2"].transpose(1, 0, 2, 3), graph.shortcut(x, block)
        if second == "transposed conv":
            weight = gathered(by_input[:, :, ::-1, ::-1], -1, channels, 3, 3)
            x = graph.node("ConvTranspose", hidden, weight, graph.constant(w["bias2"]), pads=[1] * 4)
            return graph.node("Relu", graph.node("Add", x, add))
        if second == "transposed":
            weight = graph.node("Transpose", gathered(by_input, -1, channels, 3, 3), perm=[1, 0, 2, 3])
        else:
            # Rows are outputs in NCHW, and blocks of outputs in the blocked layout.
            columns = graph.kernels(w["conv2"]).reshape(channels // max(graph.lanes, 1), -1)
            weight = gathered(columns, channels, -1, 3, 3, axis=1)
        return graph.conv(hidden, weight, w["bias2"], add=add)

    return form


def branches(graph: Graph, x: str, block: Block, opened: np.ndarray) -> str:
    """Adds the groups' parts one after the other to the shortcut. A closed group passes the sum on."""
    w, groups = block.weights, len(opened)
    bits = graph.node("Split", graph.reshape(graph.gate(x, block, opened), -1), axis=0, outputs=groups)
    total = graph.node("Add", graph.shortcut(x, block), graph.constant(w["bias2"].reshape(1, -1, 1, 1)))
    for index, bit in enumerate(bits):
        chosen = np.arange(block.channels).reshape(groups, -1)[index]
        on, off = (Graph(prefix=f"{bit}_{side}_") for side in ("open", "closed"))
        hidden = on.conv(x, w["conv1"][chosen], w["bias1"][chosen], stride=block.stride)
        added = on.conv(hidden, w["conv2"][:, chosen], np.zeros_like(w["bias2"]), add=total, relu=False)
        sides = {"then_branch": on.graph([], added), "else_branch": off.graph([], off.node("Identity", total))}
        total = graph.node("If", bit, **sides)
    return graph.node("Relu", total)


def build(network: Network, form: Callable, opened: list[np.ndarray], lanes: int = 0) -> bytes:
    graph = Graph(lanes)
    x = graph.conv("image", network.stem, network.stem_bias)
    for each, bits in zip(network.blocks, opened):
        x = form(graph, x, each, bits)
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, IMAGE, IMAGE])
    whole = graph.graph([image], graph.pool(x), [1, 8 * WIDTH])
    opsets = [helper.make_opsetid("", 17)] + ([helper.make_opsetid(BLOCKED, 1)] if lanes else [])
    return helper.make_model(whole, ir_version=8, opset_imports=opsets).SerializeToString()


def models(network: Network, cost: float, options: argparse.Namespace) -> dict[str, tuple[bytes, float]]:
    """Graphs by name, each with its share of the dense network's MACs."""
    full = [block.channels for block in network.blocks]
    found = {"dense": (build(network, slim, [np.ones(1, bool)] * len(full)), 1.0)}
    for group, kept in zip(GROUPS, ("odd widths", "multiples of 16")):
        widths = network.widths(cost, *((2, 1) if group == 1 else (16, 0)))
        print(f"hidden channels at a cost of {cost}, {kept}: {' '.join(map(str, widths))}")
        random = np.random.default_rng(options.seed + group)
        opened = [random.permutation(c // group) < width // group for c, width in zip(full, widths)]
        found[f"masked, groups of {group}"] = (build(network, masked, opened), network.share(full, group))
        found[f"slim, {kept}"] = (build(network, slim, opened), network.share(widths))
        forms = {second: (dynamic(second), 0) for second in ("columns", "transposed", "transposed conv")}
        forms |= {"branches": (branches, 0), "blocked": (dynamic("columns"), options.lanes)} if group == 16 else {}
        for name, (form, lanes) in forms.items():
            graph = build(network, form, opened, lanes)
            found[f"dynamic, groups of {group}, {name}"] = (graph, network.share(widths, group))
    return found


def measure(graphs: dict[str, tuple[bytes, float]], threads: int, options: argparse.Namespace) -> dict[str, np.ndarray]:
    """Quartiles of each graph's milliseconds. Fails if a graph's features differ from the masked graph's."""
    image = {"image": np.random.default_rng(options.seed).normal(size=(1, 3, IMAGE, IMAGE)).astype(np.float32)}
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    # Otherwise a session's idle thread spins on while the next graph is measured.
    settings.add_session_config_entry("session.force_spinning_stop", "1")
    create, providers = onnxruntime.InferenceSession, ["CPUExecutionProvider"]
    sessions = {name: create(graph, settings, providers=providers) for name, (graph, _) in graphs.items()}
    expected = None  # features of the last masked graph; the graphs after it have the same gates
    for name, session in sessions.items():
        features = session.run(None, image)[0]
        expected = features if name.startswith("masked") else expected
        if expected is not None:
            difference = np.abs(features - expected).max() / np.abs(expected).max()
            if not difference <= TOLERANCE:
                hint = ": give the other --lanes" if name.endswith("blocked") else ""
                raise SystemExit(f"{name}: features differ by {difference:.1e} of the largest, above {TOLERANCE}{hint}")
    times = {name: [] for name in sessions}
    for _ in range(options.rounds):
        for name, session in sessions.items():
            session.run(None, image)  # brings the weights into the cache
            times[name] += timeit.repeat(lambda: session.run(None, image), number=1, repeat=options.calls)
    return {name: np.percentile(each, [25, 50, 75]) * 1e3 for name, each in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--costs", default="0.3,0.5", help="shares of the dense network's MACs, separated by commas")
    parser.add_argument("--threads", default="1,2", help="numbers of threads, separated by commas")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--calls", type=int, default=5, help="timed calls of each graph in a round")
    parser.add_argument("--lanes", type=int, default=16, choices=[8, 16], help="channels in a block of NCHWc")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    network, threads = Network(options.seed), [int(count) for count in options.threads.split(",")]
    print(f"ONNX Runtime {onnxruntime.__version__}: median ms (spread of the middle half), times of {SLIM}")
    ships = True
    for cost in (float(cost) for cost in options.costs.split(",")):
        graphs = models(network, cost, options)
        quartiles = [measure(graphs, count, options) for count in threads]
        columns = "".join(f"{f'ms, threads: {count}':>17}{'times slim':>12}" for count in threads)
        print(f"{'graph':40}{'cost':>8}{columns}")
        for name, (_, share) in graphs.items():
            cells = ((*each[name], each[name][1] / each[SLIM][1]) for each in quartiles)
            texts = (f"{f'{middle:.2f} ({high - low:.2f})':>17}{ratio:12.2f}" for low, middle, high, ratio in cells)
            print(f"{name:40}{share:8.4f}{''.join(texts)}")
        portable = [name for name in graphs if name.startswith("dynamic") and not name.endswith("blocked")]
        ships &= all(min(each[name][1] for name in portable) <= GAIN * each[SLIM][1] for each in quartiles)
    print(f"Rule: offer --dynamic if a portable dynamic graph always takes at most {GAIN} of the time of {SLIM}.")
    print(f"Result: {'offer' if ships else 'leave out'} --dynamic.")


if __name__ == "__main__":
    main()
