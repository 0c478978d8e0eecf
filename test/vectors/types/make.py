"""Makes the Arrow and Parquet files of this folder: every type that pyarrow and polars can write, as three rows of which the second is null.

    python3 -m venv venv && venv/bin/pip install pyarrow==26.0.1 polars==2.1.0
    venv/bin/python test/vectors/types/make.py

What must become of each column is in types.json, which is written by hand.
"""

import datetime as dt
import decimal
import pathlib
import uuid

import polars as pl
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq

FOLDER = pathlib.Path(__file__).parent
UUIDS = [uuid.UUID("00000000-1111-2222-3333-444444444444").bytes, None, uuid.UUID("ffeeddcc-bbaa-4988-8766-554433221100").bytes]
TEXTS = ["é", None, "a text of more than twelve bytes"]
BYTES = [b"\x00b", None, b"bytes of more than twelve"]


def decimals(first: str, last: str) -> list:
    return [decimal.Decimal(first), None, decimal.Decimal(last)]


def flat() -> dict[str, pa.Array]:
    """The types that both formats have, or that pyarrow writes to Parquet as others."""
    stamps = [-1, None, 1_709_208_000]
    columns = {
        "utf8": pa.array(TEXTS, pa.utf8()),
        "large_utf8": pa.array(TEXTS, pa.large_utf8()),
        "utf8_view": pa.array(TEXTS, pa.string_view()),
        "binary": pa.array(BYTES, pa.binary()),
        "large_binary": pa.array(BYTES, pa.large_binary()),
        "binary_view": pa.array(BYTES, pa.binary_view()),
        "fixed_binary": pa.array([b"abc", None, b"xyz"], pa.binary(3)),
        "uuid": pa.array(UUIDS, pa.uuid()),
        "bool": pa.array([True, None, False]),
        "float16": pa.array([1.5, None, -2.0], pa.float16()),
        "float32": pa.array([-0.0, None, 0.1], pa.float32()),
        "float64": pa.array([-0.0, None, 0.1], pa.float64()),
        "decimal32": pa.array(decimals("-999.99", "0.01"), pa.decimal32(5, 2)),
        "decimal64": pa.array(decimals("-9999999999.99", "0.01"), pa.decimal64(12, 2)),
        "decimal128": pa.array(decimals("-9999999999999999.9999", "0.0001"), pa.decimal128(20, 4)),
        "decimal256": pa.array(decimals("-9999999999999999999999999999.99", "0.01"), pa.decimal256(30, 2)),
        "decimal256_wide": pa.array(decimals("-9999.99", "0.01"), pa.decimal256(50, 2)),
        "date32": pa.array([-1, None, 19_782], pa.date32()),
        "date64": pa.array([-86_400_000, None, 19_782 * 86_400_000], pa.date64()),
        "time32_s": pa.array([1, None, 86_399], pa.time32("s")),
        "time32_ms": pa.array([1, None, 86_399_999], pa.time32("ms")),
        "time64_us": pa.array([1, None, 86_399_999_999], pa.time64("us")),
        "time64_ns": pa.array([1, None, 86_399_999_999_999], pa.time64("ns")),
        "duration": pa.array([1, None, 2], pa.duration("us")),
        "json": pa.ExtensionArray.from_storage(pa.json_(), pa.array(["{}", None, "[1]"])),
        "dictionary": pa.DictionaryArray.from_arrays(pa.array([1, None, 0], pa.int8()), pa.array(["b", "é"])),
    }
    for bits in (8, 16, 32, 64):
        most = 2 ** (bits - 1)
        columns[f"int{bits}"] = pa.array([-most, None, most - 1], getattr(pa, f"int{bits}")())
        columns[f"uint{bits}"] = pa.array([0, None, 2**bits - 1], getattr(pa, f"uint{bits}")())
    for unit, scale in (("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)):
        ticks = [None if stamp is None else stamp * scale + (1 if scale > 1 else 0) for stamp in stamps]
        columns[f"timestamp_{unit}"] = pa.array(ticks, pa.timestamp(unit))
        columns[f"timestamp_{unit}_utc"] = pa.array(ticks, pa.timestamp(unit, "Europe/Zurich"))
    return columns


def nested() -> dict[str, pa.Array]:
    lists = [[1, 2], None, []]
    ints = pa.array([1, 2, 3])
    kinds = pa.array([0, 1, 0], pa.int8())
    runs = pa.array([1, 2, 3], pa.int16())
    return {
        "null": pa.nulls(3),
        "interval": pa.array([pa.MonthDayNano([1, 2, 3]), None, pa.MonthDayNano([0, 0, 1])]),
        "decimal_negative_scale": pa.array([decimal.Decimal(100), None, decimal.Decimal(-200)], pa.decimal128(5, -2)),
        "list": pa.array(lists, pa.list_(pa.int32())),
        "large_list": pa.array(lists, pa.large_list(pa.int8())),
        "list_view": pa.array(lists, pa.list_view(pa.int64())),
        "large_list_view": pa.array(lists, pa.large_list_view(pa.int64())),
        "fixed_list": pa.array([[1, 2], None, [3, 4]], pa.list_(pa.int32(), 2)),
        "struct": pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}]),
        "map": pa.array([[("a", 1)], None, []], pa.map_(pa.utf8(), pa.int32())),
        "sparse_union": pa.UnionArray.from_sparse(kinds, [ints, pa.array(["a", "b", "c"], pa.string_view())]),
        "dense_union": pa.UnionArray.from_dense(kinds, pa.array([0, 0, 1], pa.int32()), [ints, pa.array(["b"])]),
        "runs": pa.RunEndEncodedArray.from_arrays(runs, pa.array(["é", None, "b"])),
        "runs_of_views": pa.RunEndEncodedArray.from_arrays(pa.array([1, 2, 3], pa.int64()), pa.array(TEXTS, pa.string_view())),
        "runs_of_numbers": pa.RunEndEncodedArray.from_arrays(pa.array([1, 2, 3], pa.int32()), pa.array([-7, None, 7], pa.int64())),
        "runs_of_lists": pa.RunEndEncodedArray.from_arrays(runs, pa.array(lists)),
        "dictionary_of_views": pa.DictionaryArray.from_arrays(pa.array([1, None, 0], pa.uint32()), pa.array(["b", "é"], pa.string_view())),
        "dictionary_of_numbers": pa.DictionaryArray.from_arrays(pa.array([1, None, 0], pa.int16()), pa.array([7, -7], pa.int64())),
        "dictionary_of_structs": pa.DictionaryArray.from_arrays(pa.array([1, None, 0], pa.int8()), pa.array([{"a": 1}, {"a": 2}])),
    }


def write_stream(name: str, table: pa.Table) -> None:
    with pa.OSFile(str(FOLDER / name), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)


def main() -> None:
    flat_columns = flat()
    arrow = pa.table({**nested(), **flat_columns})
    with pa.OSFile(str(FOLDER / "all.arrow"), "wb") as sink, pa.ipc.new_file(sink, arrow.schema) as writer:
        writer.write_table(arrow)
    write_stream("all-stream.arrow", arrow)
    for codec in ("lz4", "zstd"):
        options = pa.ipc.IpcWriteOptions(compression=codec)
        with pa.OSFile(str(FOLDER / f"all-{codec}.arrow"), "wb") as sink, pa.ipc.new_file(sink, arrow.schema, options=options) as writer:
            writer.write_table(arrow)
        # Long enough that buffers are really compressed, and not alike.
        numbers = list(range(4_000))
        long = pa.table({"n": pa.array(numbers, pa.int32()), "s": [f"text {number % 97} of {number}" for number in numbers]})
        feather.write_feather(long, str(FOLDER / f"long-{codec}.feather"), compression=codec)
    (FOLDER / "version-1.feather").write_bytes(b"FEA1" + bytes(32) + b"FEA1")
    write_stream("no-names.arrow", pa.table([pa.array(["a"]), pa.array([1])], names=["", ""]))
    write_stream("same-names.arrow", pa.table([pa.array(["a"]), pa.array(["b"])], names=["id", "ID"]))
    parquet = pa.table({**flat_columns, "list": nested()["list"], "struct": nested()["struct"], "map": nested()["map"], "null": pa.nulls(3)})
    # The storage of these is another one in Parquet, or none.
    parquet = parquet.drop_columns(["decimal32", "decimal64"])
    pq.write_table(parquet, FOLDER / "all.parquet", compression="snappy", store_schema=False)
    frame = pl.DataFrame(
        {
            "text": TEXTS,
            "bytes": BYTES,
            "category": pl.Series(["b", None, "a"], dtype=pl.Categorical),
            "enum": pl.Series(["b", None, "a"], dtype=pl.Enum(["a", "b"])),
            "date": [dt.date(1969, 12, 31), None, dt.date(2024, 2, 29)],
            "time": [dt.time(0, 0, 0, 1), None, dt.time(23, 59, 59, 999_999)],
            "datetime": [dt.datetime(2024, 2, 29, 12), None, dt.datetime(1969, 12, 31)],
            "duration": [dt.timedelta(1), None, dt.timedelta(2)],
            "decimal": decimals("-9.99", "0.01"),
            "list": [[1], None, []],
            "struct": [{"a": 1}, None, {"a": 2}],
            "null": [None, None, None],
            "int128": pl.Series([1, None, -1], dtype=pl.Int128),
        }
    )
    frame.write_ipc(FOLDER / "polars.arrow")
    for codec in ("lz4", "zstd"):
        frame.write_ipc(FOLDER / f"polars-{codec}.arrow", compression=codec)


if __name__ == "__main__":
    main()
