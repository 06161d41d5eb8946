"""The functions of one operand.

A derivative is a formula in the operand x and the result y; `meaning` says the same function in SymPy, and a test
proves the one from the other.  Where a function has a kink the doc names the subgradient that is taken there.
"""

from graphgen.ops.declare import elementwise

elementwise("negative", "-{x}", rule="-dz", meaning="-x", doc="Negation, `-x`.")
elementwise(
    "abs", "np.abs({x})", rule="where(x >= 0, dz, -dz)", meaning="Abs(x)", analytic=False,
    doc="Absolute value; the derivative at 0 is 1.",
)  # fmt: skip
elementwise("sign", "np.sign({x})", meaning="sign(x)", analytic=False, doc="-1, 0 or 1; its derivative is 0.")
elementwise("floor", "np.floor({x})", meaning="floor(x)", analytic=False, doc="Rounded down; its derivative is 0.")
elementwise("ceil", "np.ceil({x})", meaning="ceiling(x)", analytic=False, doc="Rounded up; its derivative is 0.")
elementwise("round", "np.round({x})", analytic=False, doc="Rounded, halves to even; its derivative is 0.")

elementwise("exp", "np.exp({x})", "y", meaning="exp(x)", doc="Exponential.")
elementwise("expm1", "np.expm1({x})", "y + 1", meaning="exp(x) - 1", doc="exp(x) - 1, exact near 0.")
elementwise("exp2", "np.exp2({x})", "y * 0.6931471805599453", meaning="2**x", doc="2 to the power x.")
elementwise("log", "np.log({x})", rule="dz / x", meaning="log(x)", low=0.2, doc="Natural logarithm.")
elementwise(
    "log1p", "np.log1p({x})", rule="dz / (1 + x)", meaning="log(1 + x)", low=-0.8, doc="log(1 + x), exact near 0."
)
elementwise(
    "log2",
    "np.log2({x})",
    rule="dz / (x * 0.6931471805599453)",
    meaning="log(x, 2)",
    low=0.2,
    doc="Logarithm to base 2.",
)
elementwise(
    "sqrt",
    "np.sqrt({x})",
    rule="dz / (2 * y)",
    meaning="sqrt(x)",
    low=0.2,
    doc="Square root; the derivative at 0 is inf.",
)
elementwise(
    "rsqrt",
    "1 / np.sqrt({x})",
    "-0.5 * y / x",
    meaning="1/sqrt(x)",
    low=0.2,
    doc="1 / sqrt(x); the derivative at 0 is -inf.",
)
elementwise("square", "np.square({x})", "2 * x", meaning="x**2", doc="Square.")
elementwise("reciprocal", "1 / {x}", "-(y * y)", meaning="1/x", low=0.3, doc="1 / x.")

elementwise("sin", "np.sin({x})", "cos(x)", meaning="sin(x)", doc="Sine.")
elementwise("cos", "np.cos({x})", "-sin(x)", meaning="cos(x)", doc="Cosine.")
elementwise("tan", "np.tan({x})", "1 + y * y", meaning="tan(x)", low=-1.2, high=1.2, doc="Tangent.")
elementwise(
    "arcsin", "np.arcsin({x})", rule="dz / sqrt((1 - x) * (1 + x))", meaning="asin(x)", low=-0.9, high=0.9,
    doc="Inverse sine; the derivative at -1 and 1 is inf.",
)  # fmt: skip
elementwise(
    "arccos", "np.arccos({x})", rule="-dz / sqrt((1 - x) * (1 + x))", meaning="acos(x)", low=-0.9, high=0.9,
    doc="Inverse cosine; the derivative at -1 and 1 is -inf.",
)  # fmt: skip
elementwise(
    "arctan", "np.arctan({x})", "square(1 / hypot(1, x))", meaning="atan(x)",
    doc="Inverse tangent; the derivative squares 1 / hypot(1, x), which does not overflow.",
)  # fmt: skip
elementwise("sinh", "np.sinh({x})", "cosh(x)", meaning="sinh(x)", doc="Hyperbolic sine.")
elementwise("cosh", "np.cosh({x})", "sinh(x)", meaning="cosh(x)", doc="Hyperbolic cosine.")
elementwise("tanh", "np.tanh({x})", "1 - y * y", meaning="tanh(x)", doc="Hyperbolic tangent.")
elementwise("arcsinh", "np.arcsinh({x})", "1 / hypot(1, x)", meaning="asinh(x)", doc="Inverse hyperbolic sine.")
elementwise(
    "arccosh", "np.arccosh({x})", rule="dz / (sqrt(x - 1) * sqrt(x + 1))", meaning="acosh(x)", low=1.2, high=3.0,
    doc="Inverse hyperbolic cosine; the derivative at 1 is inf.",
)  # fmt: skip
elementwise(
    "arctanh", "np.arctanh({x})", rule="dz / ((1 - x) * (1 + x))", meaning="atanh(x)", low=-0.9, high=0.9,
    doc="Inverse hyperbolic tangent.",
)  # fmt: skip
elementwise(
    "erf", "erf({x})", "1.1283791670955126 * exp(-square(minimum(abs(x), 30)))", meaning="erf(x)",
    doc="The error function, by a Chebyshev series; exp(-x²) is 0 long before |x| is 30.",
)  # fmt: skip
