# DZG DVH4013. Registers: mbmd (dzg.go + README); evcc (dzg). Confidence: medium.

MAP = "it measures no power of each phase, so nobody can tell feeding in from drawing"
