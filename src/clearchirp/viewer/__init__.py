"""A page in the browser for the engineer with a recording: what `clearchirp view` opens.

What is shown is computed by `choices`, `computing`, `pictures`, `strip`, `session` and `saving`,
which know no page; `page` and what it imports besides is the page, on Bokeh (extra ``viewer``).
"""
