"""How good a result is: plain functions from arrays to numbers, one family a module.

- `maps`: range-Doppler maps, with and without the clean map to compare with
- `beats`: beat signals against the noise-free targets
- `detections`: detections against those of the clean map, with a tolerance or on peaks of clusters
- `masks`: masks of disturbed samples against the true ones
- `profiles`: range spectra of single chirps against known targets
- `blind`: recordings without truth
- `aggregate`: from one value a map to a mean or median with its interval, and distributions

Every metric takes arrays of any library and returns one number for each map: a float for a single
map, else an array of the shape of the leading axes. A figure with nothing to average over is NaN.
"""

from clearchirp.metrics import aggregate, beats, blind, detections, maps, masks, profiles

__all__ = ["aggregate", "beats", "blind", "detections", "maps", "masks", "profiles"]
