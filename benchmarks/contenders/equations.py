"""The cells' equations, for libraries that derive the backward pass from arrays in NumPy's manner."""

from __future__ import annotations

from types import ModuleType
from typing import Any, NamedTuple


class Cells(NamedTuple):
    """One step of each cell: parameters, x and the state to the next state; `np` is the library's."""

    np: ModuleType
    sigmoid: Any

    def lstm(self, p: dict[str, Any], x: Any, h: Any, c: Any) -> tuple[Any, Any]:
        """The LSTM, its gates in the order i, f, g, o."""
        i, f, g, o = self.np.split(x @ p["W_ih"].T + h @ p["W_hh"].T + p["b"], 4, axis=1)
        c = self.sigmoid(f) * c + self.sigmoid(i) * self.np.tanh(g)
        return self.sigmoid(o) * self.np.tanh(c), c

    def gru(self, p: dict[str, Any], x: Any, h: Any) -> tuple[Any]:
        """The GRU whose reset comes after the product, its gates in the order r, z, n."""
        xr, xz, xn = self.np.split(x @ p["W_ih"].T + p["b"], 3, axis=1)
        hr, hz, hn = self.np.split(h @ p["W_hh"].T, 3, axis=1)
        z = self.sigmoid(xz + hz)
        n = self.np.tanh(xn + self.sigmoid(xr + hr) * (hn + p["b_hn"]))
        return ((1 - z) * n + z * h,)

    def rnn(self, p: dict[str, Any], x: Any, h: Any) -> tuple[Any]:
        """The plain cell."""
        return (self.np.tanh(x @ p["W_ih"].T + h @ p["W_hh"].T + p["b"]),)
