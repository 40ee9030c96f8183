"""Models whose algorithm is known, because every weight was set by hand (`algorithms.py`).

What an instrument says of a trained model is worth what it says of these: `coconut known NAME --out DIR` writes one.
"""
