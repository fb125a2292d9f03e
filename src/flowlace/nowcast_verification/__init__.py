"""Verification of nowcasts on an archive of radar files: scores, intervals, and a report.

`verify_archive` reads the archive once, in the order of time, and makes each nowcast as it would
have been made then. `Verification` holds what came out; `score_table`, `as_json` and `report_page`
show it.
"""
