
# boundary, schemes, study
AGREED_PU = 1e-8  # pu; schemes stop at steps of 1e-9, and a contraction of up to 0.9 leaves ten times the last step
RATIO = 1e-6  # relative; ratio of successive gaps of a linear exchange, of which 1e-7 is rounding
