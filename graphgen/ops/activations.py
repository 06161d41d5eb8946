"""Activation functions; those made of others are written out as formulas."""

from graphgen.ops.composite import elementwise_composite
from graphgen.ops.declare import elementwise

elementwise("sigmoid", "sigmoid({x})", "y * (1 - y)", meaning="1/(1 + exp(-x))", doc="Logistic function.")
elementwise(
    "log_sigmoid", "log_sigmoid({x})", "sigmoid(-x)", meaning="-log(1 + exp(-x))",
    doc="log(sigmoid(x)), exact where sigmoid(x) is too small to be a number.",
)  # fmt: skip
elementwise(
    "softplus", "softplus({x})", "sigmoid(x)", meaning="log(1 + exp(x))", doc="log(1 + exp(x)) without overflow."
)
elementwise(
    "relu", "np.maximum({x}, 0)", rule="where(x > 0, dz, 0)", meaning="Max(x, 0)",
    doc="max(x, 0); the derivative at 0 is 0.",
)  # fmt: skip
elementwise(
    "relu6", "np.clip({x}, 0, 6)", rule="where(x > 0, where(x < 6, dz, 0), 0)", meaning="Min(Max(x, 0), 6)",
    high=8.0, doc="min(max(x, 0), 6); the derivative at 0 and 6 is 0.",
)  # fmt: skip
elementwise(
    "leaky_relu", "np.where({x} >= 0, {x}, {slope} * {x})", rule="where(x >= 0, dz, slope * dz)", slope=0.01,
    meaning="Piecewise((x, x >= 0), (slope*x, True))",
    doc="x where it is positive, slope * x elsewhere; the derivative at 0 is 1.",
)  # fmt: skip
elementwise(
    "elu", "np.where({x} > 0, {x}, {alpha} * np.expm1(np.minimum({x}, 0)))",
    "where(x > 0, 1, alpha * exp(minimum(x, 0)))", meaning="Piecewise((x, x > 0), (alpha*(exp(x) - 1), True))",
    alpha=1.0, doc="x where it is positive, alpha (exp(x) - 1) elsewhere; the derivative at 0 is alpha.",
)  # fmt: skip
elementwise(
    "celu", "np.where({x} > 0, {x}, {alpha} * np.expm1(np.minimum({x}, 0) / {alpha}))",
    "where(x > 0, 1, exp(minimum(x, 0) / alpha))",
    meaning="Piecewise((x, x > 0), (alpha*(exp(x/alpha) - 1), True))", alpha=1.0,
    doc="x where it is positive, alpha (exp(x / alpha) - 1) elsewhere; the derivative at 0 is 1.",
)  # fmt: skip
elementwise(
    "hard_tanh", "np.clip({x}, -1, 1)", rule="where(x >= -1, where(x <= 1, dz, 0), 0)", meaning="Min(Max(x, -1), 1)",
    doc="x between -1 and 1, else the nearer of them; the derivative at both is 1.",
)  # fmt: skip
elementwise(
    "silu", "{x} * sigmoid({x})", "sigmoid(x) * (1 + x * sigmoid(-x))", meaning="x/(1 + exp(-x))",
    doc="x sigmoid(x), also called swish.",
)  # fmt: skip
elementwise(
    "softsign", "{x} / (1 + np.abs({x}))", "square(1 / (1 + abs(x)))", meaning="x/(1 + Abs(x))", analytic=False,
    doc="x / (1 + |x|).",
)  # fmt: skip

elementwise_composite(
    "selu", "1.0507009873554805 * elu(x, alpha=1.6732632423543772)",
    doc="Scaled ELU, whose activations keep mean 0 and variance 1 (Klambauer et al., 2017).",
)  # fmt: skip
elementwise_composite(
    "gelu", "0.5 * x * (1 + erf(x * 0.7071067811865476))",
    doc="x times the normal distribution function of x (Hendrycks and Gimpel, 2016).",
)  # fmt: skip
elementwise_composite(
    "gelu_tanh",
    "0.5 * x * (1 + tanh(0.7978845608028654 * clip(x, -30, 30) * (1 + 0.044715 * square(clip(x, -30, 30)))))",
    doc="GELU by its approximation with tanh, as BERT and GPT use it; tanh is 1 in any precision long before 30.",
)  # fmt: skip
elementwise_composite("mish", "x * tanh(softplus(x))", doc="x tanh(softplus(x)) (Misra, 2019).")
elementwise_composite(
    "hard_sigmoid", "relu6(x + 3) / 6", doc="A sigmoid of three straight lines; the derivative at the bends is 0."
)
elementwise_composite(
    "hard_swish", "x * (relu6(x + 3) / 6)", doc="x hard_sigmoid(x); its derivative at -3 and 3 is 0 and 1."
)  # fmt: skip
