"""Rain in the next minutes and hours, from the last radar pictures; no engine needed.

Rain is `[y, x]` or `[time, y, x]` float32 in mm/h, NaN where nothing is known. Motion is
`[2, y, x]`: columns and rows that rain moves in one step.
"""
