"""The words around the numbers of `docs/benchmarks/object_tracking.md`."""

INTRODUCTION = """# Object tracking

Written by `PYTHONPATH=src:benchmarks python benchmarks/object_tracking_accuracy.py --markdown
docs/benchmarks/object_tracking.md` (needs `pip install -e '.[bench]'`). Everything runs through the
graph `object_tracking`; the detector is replaced by one that replays the truth
(`ReplayDetectorCalculator`), so the scores say what association and tracking lose, not what a
detector misses.

**Truth** is exact: procedural streets, 640x360, 30 frames a second. Rows count where at least 30 %
of an object shows and both its sides have 12 pixels; the detector replays the same rows. Results
that lie on an object that does not count are neither right nor wrong, as in MOT Challenge.
**Noisy** detections: edges off by 5 % of the size (standard deviation), 10 % of objects missed, a
false alarm every fifth frame. **Jitter** is the mean acceleration of box centres from frame to
frame in box sizes (the truth has its own: people sway).

**Which data chose the settings.** Those of the manager were chosen on seeds 100 to 115, which are
not in these tables. The tracker underneath and its constants are those of
[box tracking](tracking.md).

## Streets that hide nothing

Density .1, eight seconds: the first eight seeds from 1 on where no object is hidden by another, a
post or a tree.
"""

AFTER_CLEAR = """
## Busy streets

Seeds 1 to 8, density 1, five seconds: about fifteen objects at a time, which hide each other.
*Area* is MediaPipe's manager with its defaults; *IoU* pairs one to one within a class, by overlap
and look; *reacquisition* gives lost objects their ids back by their look.
"""

WITH_DETECTOR = """
## With the packaged detector

The same streets and truth, `street_detector` (int8) in the place of the replayed truth, which it
was not trained on.
"""

COST = """
CPU time of one thread on a shared two-core machine, without detector and drawing, motion analysis
included: two seconds of seed 1, about fifteen objects.
"""

AFTER_BUSY = """
## Real clips

The nine tracks of `../shared/data/video`, detected every two seconds from the truth, through the
graph. Success AUC over all frames of the truth; a frame without a box overlaps by 0. MediaPipe's
C++ tracker, set back to the truth every two seconds without a graph around it: .703.
"""

AFTER_CLIPS = """
The robust tracker is better on these, and costs some milliseconds a box and frame: with fifteen
boxes more than everything else together. With three detections a second it gains nothing on
streets, so motion alone is the graph's default; exchange `BoxTrackingInStep` for
`BoxTrackingInStepRobust` in the subgraph where detections come every few seconds.
"""

LIMITS = """
## Limits

* Following fifteen objects costs more than a small detector in every frame; it is large detectors,
  steady boxes and few detections a second that tracking is for.
* The boxes of walkers breathe with their steps: from one frame to the next they may be twice as
  wide or half. With three detections a second that, and not the ids, is what keeps clear streets
  from an IDF1 of .95: there is no switch, and without people the same streets are above it.
  The manager shows an object's usual shape between detections for that reason.
* What appears between two detections is not shown before the second. With three detections a
  second and perfect boxes and ids in between, busy streets can reach an IDF1 of about .91 (seeds
  100-103).
* Looks tell people of one street from each other in nine of ten cases only. One in ten pairs of
  strangers is as alike as the graph asks for; that they have to be near keeps most of them apart.
"""
