"""CRC-32 of what recordings hold.

Every byte is summed when it is written and when it is read. Python's own zlib takes several times
as long for that, which of raw pictures was a third of what recording costs.
"""

try:
    from zlib_ng.zlib_ng import crc32
except ImportError:  # there is no wheel for this processor
    from zlib import crc32

__all__ = ["crc32"]
