"""How good a result is: figures of maps and of masks, plain functions from arrays to numbers.

Every function takes arrays of any library and returns one number for each map: a float for a single
map, else an array of the shape of the leading axes. A figure with nothing to average over is NaN.
"""
