"""clearchirp: find and remove mutual interference in FMCW radar recordings."""

from clearchirp._version import __version__

__all__ = ["__version__"]
