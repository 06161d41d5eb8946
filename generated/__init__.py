"""Modules that graphgen made from its shipped specs; `graphgen build --check` proves them fresh."""
