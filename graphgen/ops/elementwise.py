"""Arithmetic and the functions of one operand.

A derivative is a formula in the operand x and the result y; `meaning` says the same function in SymPy, and a test
proves the one from the other.  Where a function has a kink the doc names the subgradient that is taken there.
"""

from graphgen.ops.declare import elementwise, elementwise_many

elementwise_many(
    "add", "{a} + {b}", "a b", "dz", "dz",
    text="a + b", meaning="a + b", junction="addition", doc="Sum.",
)  # fmt: skip
elementwise_many(
    "subtract", "{a} - {b}", "a b", "dz", "-dz",
    text="a - b", meaning="a - b", junction="subtraction", doc="Difference.",
)  # fmt: skip
elementwise_many(
    "multiply", "{a} * {b}", "a b", "dz * b", "dz * a",
    text="a * b", meaning="a * b", junction="hadamard", doc="Elementwise (Hadamard) product.",
)  # fmt: skip
elementwise_many(
    "divide", "{a} / {b}", "a b", "dz / b", "-dz * y / b",
    text="a / b", meaning="a / b", junction="quotient", low=0.5, high=2.5, doc="Quotient.",
)  # fmt: skip
elementwise_many(
    "power", "{a} ** {b}", "a b", "dz * b * a ** (b - 1)", "dz * y * log(a)",
    text="a ** b", meaning="a ** b", junction="power", low=0.5, high=2.5,
    doc="Power; the exponent gets a cotangent only where the base is positive.",
)  # fmt: skip
elementwise_many(
    "maximum", "np.maximum({a}, {b})", "a b",
    "where(a > b, dz, where(a < b, 0, dz / 2))", "where(a < b, dz, where(a > b, 0, dz / 2))",
    meaning="Max(a, b)", doc="The larger of the two; a tie sends half the cotangent to each.",
)  # fmt: skip
elementwise_many(
    "minimum", "np.minimum({a}, {b})", "a b",
    "where(a < b, dz, where(a > b, 0, dz / 2))", "where(a > b, dz, where(a < b, 0, dz / 2))",
    meaning="Min(a, b)", doc="The smaller of the two; a tie sends half the cotangent to each.",
)  # fmt: skip
elementwise_many(
    "hypot", "np.hypot({a}, {b})", "a b", "dz * (a / y)", "dz * (b / y)",
    meaning="sqrt(a**2 + b**2)", analytic=False, doc="sqrt(a² + b²) without overflow.",
)  # fmt: skip

elementwise("negative", "-{x}", rule="-dz", meaning="-x", doc="Negation, `-x`.")
elementwise("abs", "np.abs({x})", "sign(x)", meaning="Abs(x)", analytic=False, doc="Absolute value; 0 at 0.")
elementwise("sign", "np.sign({x})", meaning="sign(x)", analytic=False, doc="-1, 0 or 1; its derivative is 0.")
elementwise("exp", "np.exp({x})", "y", meaning="exp(x)", doc="Exponential.")
elementwise("log", "np.log({x})", rule="dz / x", meaning="log(x)", low=0.2, doc="Natural logarithm.")
elementwise("sqrt", "np.sqrt({x})", rule="dz / (2 * y)", meaning="sqrt(x)", low=0.2, doc="Square root; inf at 0.")
elementwise("square", "np.square({x})", "2 * x", meaning="x**2", doc="Square.")
elementwise("sin", "np.sin({x})", "cos(x)", meaning="sin(x)", doc="Sine.")
elementwise("cos", "np.cos({x})", "-sin(x)", meaning="cos(x)", doc="Cosine.")
elementwise("tanh", "np.tanh({x})", "1 - y * y", meaning="tanh(x)", doc="Hyperbolic tangent.")
elementwise("arctan", "np.arctan({x})", "square(1 / hypot(1, x))", meaning="atan(x)", doc="Inverse tangent.")
elementwise("sigmoid", "sigmoid({x})", "y * (1 - y)", meaning="1/(1 + exp(-x))", doc="Logistic function.")
elementwise(
    "log_sigmoid", "log_sigmoid({x})", "sigmoid(-x)", meaning="-log(1 + exp(-x))",
    doc="Logarithm of the logistic function.",
)  # fmt: skip
elementwise("softplus", "softplus({x})", "sigmoid(x)", meaning="log(1 + exp(x))", doc="log(1 + exp(x)).")
elementwise("relu", "np.maximum({x}, 0)", rule="where(x > 0, dz, 0)", meaning="Max(x, 0)", doc="max(x, 0); 0 at 0.")
elementwise(
    "leaky_relu", "np.where({x} >= 0, {x}, {slope} * {x})", rule="where(x >= 0, dz, slope * dz)", slope=0.01,
    meaning="Piecewise((x, x >= 0), (slope*x, True))", doc="x where it is positive, slope * x elsewhere; 1 at 0.",
)  # fmt: skip
elementwise(
    "silu", "{x} * sigmoid({x})", "sigmoid(x) * (1 + x * sigmoid(-x))", meaning="x/(1 + exp(-x))",
    doc="x sigmoid(x), also called swish.",
)  # fmt: skip
elementwise(
    "softsign", "{x} / (1 + np.abs({x}))", rule="dz / square(1 + abs(x))", meaning="x/(1 + Abs(x))",
    analytic=False, doc="x / (1 + |x|).",
)  # fmt: skip
