"""What the tests of the operations share: a sample as a case that runs in every way, and JAX as the oracle."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import graphgen.ops  # noqa: F401  # fills the registry
from graphgen.autodiff import differentiate
from graphgen.check.module import Trial, load
from graphgen.compiler import compile_cell
from graphgen.elaborate import elaborate
from graphgen.errors import SpecError
from graphgen.ir.evaluate import evaluate
from graphgen.ir.graph import Graph
from graphgen.ir.op import OPS, Op, Sample
from graphgen.ir.step import Step
from graphgen.ops import helpers
from graphgen.resources import shipped_specs
from graphgen.spec.model import Cell
from graphgen.spec.reader import read_text

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_disable_most_optimizations", True)  # each function runs once or twice: compiling is the cost

LEVELS = (0, 1, 2)
# the shipped specs whose modules have a backward pass
DIFFERENTIATED = {
    name: path for name, path in shipped_specs().items() if "\nbackward: false" not in path.read_text("utf-8")
}
HELPERS = dict(inspect.getmembers(helpers, inspect.isfunction))

Array = np.ndarray
Arrays = dict[str, Array]


def _pairs(value: Any, x: Any) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else (value,) * (x.ndim - 2)


def _convolve(x: Any, w: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Any:
    around = [(width, width) for width in _pairs(padding, x)]
    strides, dilations = _pairs(stride, x), _pairs(dilation, x)
    return jax.lax.conv_general_dilated(x, w, strides, around, rhs_dilation=dilations, feature_group_count=groups)


def _pool(x: Any, start: float, join: Any, size: Any, stride: Any, padding: Any) -> Any:
    around = [(0, 0), (0, 0), *((width, width) for width in _pairs(padding, x))]
    steps = _pairs(size if stride is None else stride, x)
    return jax.lax.reduce_window(x, start, join, (1, 1, *_pairs(size, x)), (1, 1, *steps), around)


def _average_pool(x: Any, size: Any, stride: Any = None, padding: Any = 0) -> Any:
    return _pool(x, 0.0, jax.lax.add, size, stride, padding) / np.prod(_pairs(size, x))


def _standardise(x: Any, axis: Any, eps: float = 1e-5) -> Any:
    return jax.nn.standardize(x, axis, epsilon=eps)


def _group_norm(x: Any, groups: int, eps: float = 1e-5) -> Any:
    apart = x.reshape(x.shape[0], groups, -1)
    return _standardise(apart, -1, eps).reshape(x.shape)


def _likelihood(log_p: Any, target: Any, axis: int = -1) -> Any:
    if not jnp.issubdtype(target.dtype, jnp.floating):
        target = jax.nn.one_hot(target, log_p.shape[axis], axis=axis)
    return -jnp.mean(jnp.sum(target * log_p, axis))


def _huber(p: Any, target: Any, delta: float = 1.0) -> Any:
    d = jnp.abs(p - target)
    return jnp.mean(jnp.where(d < delta, d**2 / 2, delta * (d - delta / 2)))


def _attention(q: Any, k: Any, v: Any, mask: Any = None) -> Any:
    scores = jnp.einsum("...id,...jd->...ij", q, k) / np.sqrt(q.shape[-1])
    if mask is not None:
        unseen = jnp.where(jnp.any(mask, axis=-1, keepdims=True), -jnp.inf, 0.0)
        scores = jnp.where(mask, scores, unseen)
    return jax.nn.softmax(scores) @ v


# The functions of a spec that JAX has under another name, with other arguments, or not at all.  Every other name is
# looked up in jax.numpy, jax.nn and jax.scipy.special, so an op that is called as there needs no entry here.
ORACLE: dict[str, Callable[..., Any]] = {
    "concat": lambda *arrays, axis=0: jnp.concatenate(arrays, axis),
    "stack": lambda *arrays, axis=0: jnp.stack(arrays, axis),
    "pad": lambda x, width, value=0.0: jnp.pad(x, width, constant_values=value),
    "norm": jnp.linalg.norm,
    "rsqrt": jax.lax.rsqrt,
    "leaky_relu": lambda x, slope=0.01: jax.nn.leaky_relu(x, slope),
    "softsign": jax.nn.soft_sign,
    "gelu": lambda x: jax.nn.gelu(x, approximate=False),
    "gelu_tanh": lambda x: jax.nn.gelu(x, approximate=True),
    "conv1d": _convolve,
    "conv2d": _convolve,
    "max_pool": lambda x, size, stride=None, padding=0: _pool(x, -jnp.inf, jax.lax.max, size, stride, padding),
    "average_pool": _average_pool,
    "layer_norm": lambda x, axis=-1, eps=1e-5: _standardise(x, axis, eps),
    "batch_norm": lambda x, axis=0, eps=1e-5: _standardise(x, axis, eps),
    "rms_norm": lambda x, axis=-1, eps=1e-5: x * jax.lax.rsqrt(jnp.mean(x**2, axis, keepdims=True) + eps),
    "group_norm": _group_norm,
    "attention": _attention,
    "mean_squared_error": lambda p, target: jnp.mean((p - target) ** 2),
    "mean_absolute_error": lambda p, target: jnp.mean(jnp.abs(p - target)),
    "huber": _huber,
    "binary_cross_entropy": lambda p, t: jnp.mean(-t * jnp.log(p) - (1 - t) * jnp.log(1 - p)),
    "binary_cross_entropy_logits": lambda score, t: jnp.mean(
        -t * jax.nn.log_sigmoid(score) - (1 - t) * jax.nn.log_sigmoid(-score)
    ),
    "negative_log_likelihood": _likelihood,
    "cross_entropy": lambda s, t, axis=-1: _likelihood(jax.nn.log_softmax(s, axis), t, axis),
    "kl_divergence": lambda p, q, axis=-1: jnp.mean(jnp.sum(p * jnp.log(p / q), axis)),
    "hinge": lambda score, target: jnp.mean(jax.nn.relu(1 - target * score)),
}


class Namespace(dict[str, Any]):
    """The names that an expression may use, as JAX has them."""

    def __missing__(self, name: str) -> Any:
        if name in ORACLE:
            return ORACLE[name]
        for module in (jnp, jax.nn, jax.scipy.special):
            if hasattr(module, name):
                return getattr(module, name)
        raise AssertionError(f"JAX has no '{name}': say what it means in ORACLE, in tests/support.py")


@dataclass(frozen=True, eq=False)
class Case:
    """An expression with arrays for the names in it; what is made of it is made once."""

    sample: Sample
    op: Op | None = None

    @cached_property
    def cell(self) -> Cell:
        """The smallest spec that has the expression; what is not of floats is made a number first."""
        text, failures = self.sample.text, []
        for expression in (text, f"where({text}, 1, 0)", f"1.0 * ({text})"):
            cell = read_text(self._spec(expression))
            try:
                if elaborate(cell).outputs["outputs.result"].dtype == "float":
                    return cell
            except SpecError as error:
                failures.append(error)
        raise failures[0]

    def _spec(self, expression: str) -> str:
        arrays = self.sample.shapes.items()
        integers = self.sample.integers
        spec = {
            "cell": "sample",
            "inputs": {
                name: {"shape": list(shape), "dtype": "int"} if name in integers else list(shape)
                for name, shape in arrays
            },
            "equations": [f"result = {expression}"],
            "outputs": ["result"],
        }
        return json.dumps(spec)

    @property
    def text(self) -> str:
        """The expression that is computed."""
        return self.cell.equations[0].expression.text

    @cached_property
    def graph(self) -> Graph:
        """The forward graph."""
        return elaborate(self.cell)

    @cached_property
    def step(self) -> Step:
        """The forward and the backward graph, as the junction rules make them."""
        return differentiate(self.graph)

    @cache  # noqa: B019  # cases live as long as the tests
    def module(self, level: int) -> ModuleType:
        """The emitted module of a level."""
        return load(compile_cell(self.cell, level).source, "sample")

    @cached_property
    def arrays(self) -> Arrays:
        """Random arrays within the sample's range."""
        rng = np.random.default_rng(0)
        low, high, integers = self.sample.low, self.sample.high, self.sample.integers
        return {
            name: np.asarray(
                rng.integers(0, integers[name], shape) if name in integers else rng.uniform(low, high, shape)
            )
            for name, shape in self.sample.shapes.items()
        }

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """The shape of the result, as `infer` says."""
        return tuple(dim.evaluate({}) for dim in self.graph.outputs["outputs.result"].shape)

    @cached_property
    def cotangent(self) -> Array:
        """A random cotangent of the result."""
        return np.random.default_rng(1).standard_normal(self.shape)

    def forward(self, level: int, arrays: Mapping[str, Any]) -> tuple[Any, Any]:
        """The emitted forward pass: the result, and the residuals."""
        module = self.module(level)
        outputs, residuals = module.forward(module.Parameters(), module.Inputs(**arrays))
        return outputs.result, residuals

    def backward(self, level: int, residuals: Any, cotangent: Any) -> dict[str, Any]:
        """The emitted backward pass: the gradient of each array of floats; the others have None."""
        module = self.module(level)
        gradients = module.backward(module.Parameters(), residuals, module.Outputs(result=cotangent))
        return {name: value for name, value in gradients.inputs._asdict().items() if value is not None}

    def emitted(self, level: int, arrays: Mapping[str, Any], cotangent: Any) -> dict[str, Any]:
        """The emitted module's result, under "result", and its gradients."""
        result, residuals = self.forward(level, arrays)
        return {"result": result, **self.backward(level, residuals, cotangent)}

    def interpreted(self, arrays: Mapping[str, Any], cotangent: Any) -> dict[str, Any]:
        """The same from the graphs."""
        return run(self.step, arrays, cotangent)

    @cached_property
    def _jax(self) -> Any:
        def function(floats: dict[str, Any], others: dict[str, Any]) -> Any:
            return jnp.asarray(eval(self.text, {}, Namespace(floats | others)), float)

        def both(floats: dict[str, Any], others: dict[str, Any], cotangent: Any) -> dict[str, Any]:
            result, pull_back = jax.vjp(lambda arrays: function(arrays, others), floats)
            return {"result": result, **pull_back(cotangent)[0]}

        return jax.jit(both)

    def oracle(self, arrays: Mapping[str, Any], cotangent: Any) -> Arrays:
        """The same from JAX, in float64."""
        floats = {name: np.asarray(array, float) for name, array in arrays.items() if is_float(array)}
        others = {name: array for name, array in arrays.items() if not is_float(array)}
        results = self._jax(floats, others, np.asarray(cotangent, float))
        return {key: np.asarray(value) for key, value in results.items()}


class SampleTrial(Trial):
    """The check of `graphgen check`, at arrays within the sample's range."""

    def __init__(self, case: Case, level: int) -> None:
        self.case = case
        super().__init__(case.module(level), case.cell, case.graph, None)

    def draw(self, rng: np.random.Generator) -> Arrays:
        """The case's own arrays."""
        return {f"inputs.{name}": array for name, array in self.case.arrays.items()}


CASES = [Case(sample, op) for op in OPS.values() for sample in op.samples]


def run(step: Step, arrays: Mapping[str, Any], cotangent: Any) -> dict[str, Any]:
    """The result of a step's graphs, under "result", and the gradients, through the interpreter."""
    leaves = {f"inputs.{name}": array for name, array in arrays.items()}
    result = evaluate(step.forward, leaves, HELPERS)["outputs.result"]
    gradients = evaluate(step.backward, {**leaves, "d_outputs.result": cotangent}, HELPERS)
    return {"result": result, **{key.split(".")[1]: value for key, value in gradients.items()}}


def is_float(array: Any) -> bool:
    """Whether an array has a cotangent."""
    return np.asarray(array).dtype.kind == "f"


def assert_close(actual: Mapping[str, Any], expected: Mapping[str, Any], bound: float, where: str = "") -> None:
    """Equal keys and shapes, and values within a bound, relative to the largest element or to 1."""
    assert set(actual) == set(expected)
    for key, right in expected.items():
        left, right = np.asarray(actual[key]), np.asarray(right)
        assert left.shape == right.shape, f"{where} {key}: the shape is {left.shape}, not {right.shape}"
        scale = max(1.0, float(np.max(np.abs(right), initial=0)))
        with np.errstate(invalid="ignore"):
            wrong = ~((left == right) | (np.abs(left - right) <= bound * scale))
        if wrong.any():
            raise AssertionError(f"{where} {key}: {left[wrong][0]} is not {right[wrong][0]}, within {bound}")
