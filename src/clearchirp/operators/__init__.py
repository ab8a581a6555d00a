"""Linear maps with forward and adjoint, N-D in and N-D out; one family a file."""
