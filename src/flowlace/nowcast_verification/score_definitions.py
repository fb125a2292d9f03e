"""What each score is, in a sentence; for reports."""

DEFINITIONS = (
    "Only observed pixels are scored. A pixel without a forecast counts as dry, with a "
    "chance of 0; the share of such pixels is told.",
    "An observation belongs to a lead if it is the nearest to it and within half a step.",
    "All methods are scored on the same start times. Counts and sums are pooled over them.",
    "CSI = hits / (hits + misses + false alarms). F1 = 2 hits / (2 hits + misses + false alarms). "
    "Area bias = pixels forecast / pixels seen.",
    "FSS (Roberts and Lean 2008): 1 − Σ(forecast share − observed share)² / Σ(both squared), over "
    "squares about each pixel.",
    "Brier score: mean squared error of the probability. PR area: average precision over all "
    "cut-offs. Cut-off: the probability that, taken for rain, had the highest CSI in the "
    "calibration part, or, without one, in what is scored.",
    "CRPS: integral of (probability − event)² between the lowest and the highest level, by the "
    "trapezium rule; for comparing methods here, not with other levels.",
    "PIT (Czado, Gneiting and Held 2009): the share of the forecast distribution below the "
    "observation; between two levels its place is drawn at random.",
    "Spectra: two-dimensional Fourier power of rain in mm/h, added up by wavelength in half "
    "octaves, under a Hann window; pixels near one without forecast or observation weigh less.",
    "Intervals: whole blocks of time are drawn anew, because neighbouring start times see the same "
    "rain; 2.5 % of the draws lie below, 2.5 % above. “Surely” means that the interval of the "
    "difference, on the same draws, does not reach 0; each comparison stands alone, so of twenty "
    "without a difference one looks sure.",
)
