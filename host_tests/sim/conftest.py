"""Simulated chargers and the thread that they live in."""

from charger_bench import bench, make, make_bench, thread

__all__ = ["bench", "make", "make_bench", "thread"]
