"""Networks trained through the detector; the only room that imports torch.

The extra brings what it needs: ``pip install 'clearchirp[neural]'``. Nothing is imported here, so
that the catalogue may name what lies in it without loading torch.
"""
