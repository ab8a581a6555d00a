"""Methods that remove interference, one a file; `catalogue` lists them."""
