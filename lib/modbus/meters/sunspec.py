# Any SunSpec meter: it is found by its list of models. Confidence: high.

from modbus.sunspec import SunSpec

MAP = SunSpec
