"""Writes the CSV on standard input to standard output as Parquet, as Apache Arrow's own library does it: with types,
dictionaries and Snappy."""

import io
import sys

import pyarrow.csv
import pyarrow.parquet

table = pyarrow.csv.read_csv(io.BytesIO(sys.stdin.buffer.read()))
out = io.BytesIO()
pyarrow.parquet.write_table(table, out, row_group_size=1_000)
sys.stdout.buffer.write(out.getvalue())
