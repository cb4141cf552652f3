"""The layout of the table of places: cells of one degree, read where it lies."""

import struct
from typing import Final

MAGIC: Final = b"EDGEPLC1"
COLUMNS: Final = 360
CELLS: Final = 180 * COLUMNS
HEADER: Final = struct.Struct(">8sII")
"""Magic, how many places, how many regions."""
CELL: Final = struct.Struct(">I")
"""Number of a cell's first place; one entry more than there are cells."""
RECORD: Final = struct.Struct(">HHBH3s")
"""Latitude and longitude within the cell in 1/65536 degree, reach in quarters of a
kilometre, number of the region, where the name starts."""
REGION: Final = struct.Struct(">2s3s")
"""Code of the country, and where the name starts: one byte of length, then UTF-8."""
