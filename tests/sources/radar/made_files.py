"""Writes tiny radar files in every format, with bytes as the real ones have them."""

import gzip
import io
import struct
from typing import Any

import cv2
import numpy as np

from flowlace.sources.radar.radar_file import RadarFile


def grib2_png(
    codes: np.ndarray,
    time: tuple[int, int, int, int, int, int] = (2019, 6, 10, 0, 2, 38),
    parameter: tuple[int, int, int] = (209, 6, 1),
    reference: float = -30.0,
    decimal: int = 1,
) -> bytes:
    """Returns a message as MRMS sends them: value = (reference + code) / 10^decimal."""
    rows, columns = codes.shape
    png = cv2.imencode(".png", codes.astype(np.uint16))[1].tobytes()
    section_1 = struct.pack(">HHBBBHBBBBBBB", 161, 0, 2, 0, 1, *time, 0, 7)
    north, west, step = 54_995_000, 230_005_000, 10_000
    template_3 = struct.pack(">B B I B I B I", 1, 1, 6_378_160, 1, 6_378_160, 1, 6_356_775)
    template_3 += struct.pack(">IIII", columns, rows, 0, 0)
    template_3 += struct.pack(">IIB", north, west, 48)
    template_3 += struct.pack(">II", north - (rows - 1) * step, west + (columns - 1) * step)
    template_3 += struct.pack(">IIB", step, step, 0)
    section_3 = struct.pack(">BIBBH", 0, rows * columns, 0, 0, 0) + template_3
    section_4 = struct.pack(">HHBB", 0, 0, parameter[1], parameter[2]) + bytes(23)
    section_5 = struct.pack(">IHfHHBB", rows * columns, 41, reference, 0, decimal, 16, 0)
    body = b"".join(
        struct.pack(">IB", len(one) + 5, number) + one
        for number, one in (
            (1, section_1),
            (3, section_3),
            (4, section_4),
            (5, section_5),
            (6, b"\xff"),
            (7, png),
        )
    )
    return struct.pack(">4sHBBQ", b"GRIB", 0, parameter[0], 2, 16 + len(body) + 4) + body + b"7777"


def mrms(
    rain: np.ndarray, seconds: int = 38, minute: int = 2, hour: int = 0, day: int = 10
) -> bytes:
    """Returns a gzipped MRMS file of rain in mm/h; NaN is written as no coverage (-3)."""
    codes = np.where(np.isnan(rain), 0, np.nan_to_num(rain) * 10 + 30).round()
    return gzip.compress(grib2_png(codes, (2019, 6, day, hour, minute, seconds)), 1)


def fmi_pgm(pixels: np.ndarray) -> bytes:
    """Returns an FMI picture with the map of the real ones."""
    head = (
        "P5\n# composite_area FIN\n# obstime 201609281445\n# productname LOWEST\n"
        "# metersperpixel_x 999.674053\n# metersperpixel_y 999.62859\n# projection radar {\n"
        "# type stereographic\n# centrallongitude 25\n# centrallatitude 90\n# truelatitude 60\n"
        "# bottomleft 18.600000 57.930000\n# topright 34.903000 69.005000\n"
        f"{pixels.shape[1]} {pixels.shape[0]}\n255\n"
    )
    return head.encode() + pixels.astype(np.uint8).tobytes()


def gif(places: np.ndarray, interlaced: bool = False) -> bytes:
    """Returns a GIF of 256 colours whose LZW codes are all single pixels."""
    rows, columns = places.shape
    order = list(range(rows))
    if interlaced:
        order = [r for s, d in ((0, 8), (4, 8), (2, 4), (1, 2)) for r in range(s, rows, d)]
    bits = 0
    count = 0
    for index, one in enumerate(places[order].ravel()):
        if index % 200 == 0:  # before the table grows to codes of ten bits
            bits |= 256 << count
            count += 9
        bits |= int(one) << count
        count += 9
    bits |= 257 << count
    packed = bits.to_bytes((count + 16) // 8, "little")
    blocks = b"".join(
        bytes([len(packed[at : at + 255])]) + packed[at : at + 255]
        for at in range(0, len(packed), 255)
    )
    head = b"GIF89a" + struct.pack("<HHBBB", columns, rows, 0xF7, 0, 0) + bytes(768)
    head += b"!\xfe\x04note\0"
    picture = b"," + struct.pack("<HHHHB", 0, 0, columns, rows, 64 if interlaced else 0)
    return head + picture + b"\x08" + blocks + b"\0;"


def geotiff(pixels: np.ndarray, epsg: int = 3067, tags: bool = True) -> bytes:
    """Returns an uncompressed GeoTIFF of bytes, 250 m pixels, upper left at (1000, 5000)."""
    rows, columns = pixels.shape
    extra = struct.pack("<3d", 250, 250, 0) + struct.pack("<6d", 0, 0, 0, 1000, 5000, 0)
    extra += struct.pack("<8H", 1, 1, 0, 1, 3072, 0, 1, epsg)
    entries = [
        (256, 3, 1, columns), (257, 3, 1, rows), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 4, 1, 8 + len(extra)), (277, 3, 1, 1), (278, 3, 1, rows),
        (279, 4, 1, rows * columns),
    ]  # fmt: skip
    if tags:
        entries += [(33550, 12, 3, 8), (33922, 12, 6, 32), (34735, 3, 8, 80)]
    body = extra + pixels.astype(np.uint8).tobytes()
    start = 8 + len(body)
    directory = struct.pack("<H", len(entries))
    directory += b"".join(struct.pack("<HHII", *one) for one in entries) + bytes(4)
    return b"II*\0" + struct.pack("<I", start) + body + directory


def big_tiff(pixels: np.ndarray, epsg: int = 3067) -> bytes:
    """Returns the same as a BigTIFF: counts and places have eight bytes."""
    rows, columns = pixels.shape
    extra = struct.pack("<3d", 250, 250, 0) + struct.pack("<6d", 0, 0, 0, 1000, 5000, 0)
    extra += struct.pack("<8H", 1, 1, 0, 1, 3072, 0, 1, epsg)
    entries = [
        (256, 3, 1, columns), (257, 3, 1, rows), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 16, 1, 16 + len(extra)), (277, 3, 1, 1), (278, 3, 1, rows),
        (279, 16, 1, rows * columns), (33550, 12, 3, 16), (33922, 12, 6, 40), (34735, 3, 8, 88),
    ]  # fmt: skip
    body = extra + pixels.astype(np.uint8).tobytes()
    directory = struct.pack("<Q", len(entries))
    directory += b"".join(struct.pack("<HHQQ", *one) for one in entries) + bytes(8)
    return b"II+\0" + struct.pack("<HHQ", 8, 0, 16 + len(body)) + body + directory


def radolan(raw: np.ndarray) -> bytes:
    """Returns a RADOLAN RY file; rows from south to north, as they are written."""
    head = b"RY102050100000814BY1620134VS 3SW   2.13.1PR E-02INT   5GP 900x 900MS 05<boo>\x03"
    return head + raw.astype("<u2").tobytes()


def hdf5(groups: dict[str, dict[str, Any]], arrays: dict[str, np.ndarray]) -> bytes:
    """Returns an HDF5 file with groups (or arrays) by path and their attributes."""
    import h5py

    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        for path, array in arrays.items():
            file[path] = array
        for path, attributes in groups.items():
            target = file[path] if path in file else file.create_group(path)
            for key, value in attributes.items():
                target.attrs[key] = np.bytes_(value) if isinstance(value, str) else value
    return data.getvalue()


def odim(values: np.ndarray, quantity: str = "RATE", kind: str = "COMP") -> bytes:
    """Returns an OPERA composite; -9999000 is nothing seen, -8888000 no rain."""
    what = {
        "quantity": quantity, "gain": 1.0, "offset": 0.0, "nodata": -9999000.0,
        "undetect": -8888000.0, "startdate": "20180824", "starttime": "175000",
        "enddate": "20180824", "endtime": "180500",
    }  # fmt: skip
    return hdf5(
        {
            "what": {"object": kind, "date": "20180824", "time": "180000", "source": "ORG:247"},
            "where": {
                "projdef": "+proj=laea +lat_0=55.0 +lon_0=10.0 +x_0=1950000.0 +y_0=-2100000.0 "
                "+units=m +ellps=WGS84",
                "UL_lon": -39.5357864125034, "UL_lat": 67.02283275830867,
                "xscale": 2000.0, "yscale": 2000.0,
            },
            "dataset1/what": what,
        },
        {"dataset1/data1/data": values},
    )  # fmt: skip


def knmi(raw: np.ndarray) -> bytes:
    """Returns KNMI's five minutes of rain in hundredths of a millimetre."""
    return hdf5(
        {
            "overview": {
                "product_datetime_start": "25-AUG-2010;23:55:00.000",
                "product_datetime_end": "26-AUG-2010;00:00:00.000",
            },
            "image1": {"image_geo_parameter": "ACCUMULATED_PRECIPITATION_[MM]"},
            "image1/calibration": {
                "calibration_formulas": "GEO=0.01*PV+0.0",
                "calibration_missing_data": 65535,
                "calibration_out_of_image": 65535,
            },
            "geographic": {
                "geo_pixel_size_x": 1.0, "geo_pixel_size_y": -1.0,
                "geo_column_offset": 0.0, "geo_row_offset": 3650.0,
            },
            "geographic/map_projection": {
                "projection_proj4_params": "+proj=stere +lat_0=90 +lon_0=0.0 +lat_ts=60.0 "
                "+a=6378.137 +b=6356.752 +x_0=0 +y_0=0",
            },
        },
        {"image1/image_data": raw.astype(np.uint16)},
    )  # fmt: skip


def cf_netcdf(
    raw: np.ndarray, units: str = "kg m-2", start: bool = True, y_up: bool = False
) -> bytes:
    """Returns ten minutes of rain, scale 0.05, on an Albers grid of half kilometres."""
    y = np.arange(raw.shape[0]) * 0.5 * (1 if y_up else -1)
    groups: dict[str, dict[str, Any]] = {
        "precipitation": {
            "units": units, "scale_factor": 0.05, "add_offset": 0.0,
            "_FillValue": np.int16(-1), "grid_mapping": "proj",
        },
        "proj": {
            "grid_mapping_name": "albers_conical_equal_area",
            "standard_parallel": np.array([-26.2, -29.3]),
            "longitude_of_central_meridian": 153.24,
            "latitude_of_projection_origin": -27.7178,
        },
        "valid_time": {"units": "seconds since 1970-01-01 00:00:00 UTC"},
        "start_time": {"units": "seconds since 1970-01-01 00:00:00 UTC"},
        "x": {"units": "km"}, "y": {"units": "km"},
    }  # fmt: skip
    arrays = {
        "precipitation": raw.astype(np.int16),
        "proj": np.array(0, np.int8),
        "valid_time": np.array(1_604_116_800),
        "x": np.arange(raw.shape[1]) * 0.5,
        "y": y,
    }
    if start:
        arrays["start_time"] = np.array(1_604_116_200)
    else:
        del groups["start_time"]
    return hdf5(groups, arrays)


def file_of(data: bytes, name: str = "rain_201907110005") -> RadarFile:
    """Returns a file in memory."""
    return RadarFile(name, data)
