"""Simulated chargers and the thread that they live in."""

from charger_bench import make_bench, thread

__all__ = ["make_bench", "thread"]
