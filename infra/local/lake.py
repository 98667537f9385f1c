"""The event lake on MiniStack: Firehose into an Iceberg table, and Athena on it.

MiniStack's own Iceberg needs an extension that DuckDB fetches from the network, and knows tables of
S3 Tables only. Here a table declared as Iceberg is a folder of Parquet files by its partition spec,
written by DuckDB: the same columns and the same answers, without Iceberg's metadata. What only Iceberg
does (snapshots, commits that meet, what is left in old files after a DELETE) is not there.
"""

import asyncio
import collections
import contextvars
import csv
import io
import json
import os
import tempfile
import threading
import time
import uuid

from ministack.services import athena, firehose, glue, s3
from ministack.services.cloudformation import provisioners

FLUSH_S = 1  # how long records wait for others, where Firehose waits for minutes
RECORDS_PER_CALL = 500  # of one call of the function that makes rows
_TYPES = {"string": "VARCHAR", "int": "INTEGER", "long": "BIGINT", "double": "DOUBLE", "boolean": "BOOLEAN", "timestamp": "TIMESTAMP"}
_FILES = threading.RLock()  # nobody reads or writes files while those of a DELETE take their places; held for a moment, since all of AWS waits
_DELETES = threading.Lock()  # one DELETE after the other


def apply_all():
    no_optimizers()
    tables_as_folders()
    deliver_to_tables()
    athena_statements()
    results_where_they_are_said_to_be()


def no_optimizers():
    """Files that Glue would keep in shape need no shape here."""

    def create(_logical_id, props, _stack_name):
        return f"{props['DatabaseName']}/{props['TableName']}/{props['Type']}", {}

    handlers = {"create": create, "update": lambda physical_id, *_, **__: (physical_id, {}), "delete": lambda *_: None}
    provisioners._RESOURCE_HANDLERS["AWS::Glue::TableOptimizer"] = handlers


def tables_as_folders():
    """Glue makes an Iceberg table of its schema and partition spec; here its columns and location."""
    create = glue._create_table

    def create_table(data):
        iceberg = ((data.get("OpenTableFormatInput") or {}).get("IcebergInput") or {}).get("IcebergTableInput")
        status = create(data)
        table = glue._tables.get(f"{data.get('DatabaseName')}/{(data.get('TableInput') or {}).get('Name')}")
        if iceberg and table:
            fields = iceberg["Schema"]["Fields"]
            names = {field["Id"]: field["Name"] for field in fields}
            table["StorageDescriptor"] = {
                "Location": iceberg["Location"],
                "Columns": [{"Name": f["Name"], "Type": "bigint" if f["Type"] == "long" else f["Type"]} for f in fields],
                "InputFormat": "parquet",
            }
            table["Parameters"] = {"table_type": "ICEBERG", "classification": "parquet"}
            table["Iceberg"] = {
                "columns": {field["Name"]: _TYPES[field["Type"]] for field in fields},
                "required": [field["Name"] for field in fields if field["Required"]],
                "partitions": [
                    (field["Name"], names[field["SourceId"]], field["Transform"])
                    for field in (iceberg.get("PartitionSpec") or {}).get("Fields", [])
                ],
            }
        return status

    glue._create_table = create_table


_waiting = collections.defaultdict(list)
_waiting_lock = threading.Lock()
_flushing = threading.Lock()


def deliver_to_tables():
    """A delivery stream with a Kinesis source delivers to Iceberg tables too, in batches."""
    ingest = firehose.ingest_from_kinesis_source

    def ingest_from_kinesis_source(stream_arn, records):
        ingest(stream_arn, records)
        for stream in list(firehose._streams.values()):
            source = (stream.get("kinesis_source") or {}).get("KinesisStreamARN")
            kinds = {dest["type"] for dest in stream.get("destinations", [])}
            if source == stream_arn and "Iceberg" in kinds:
                with _waiting_lock:
                    first = not _waiting[stream["name"]]
                    _waiting[stream["name"]].extend(raw for _key, raw in records)
                if first:
                    # Account and region are in the context of the request.
                    context = contextvars.copy_context()
                    threading.Thread(target=context.run, args=(_flush, stream), daemon=True).start()

    firehose.ingest_from_kinesis_source = ingest_from_kinesis_source


def _flush(stream):
    time.sleep(FLUSH_S)
    with _flushing:  # what came first is there first
        with _waiting_lock:
            records = _waiting.pop(stream["name"], [])
        _deliver(stream, records)


def _deliver(stream, records):
    dest = next(dest for dest in stream["destinations"] if dest["type"] == "Iceberg")
    target = dest["config"]["DestinationTableConfigurationList"][0]
    table = glue._tables[f"{target['DestinationDatabaseName']}/{target['DestinationTableName']}"]
    rows = []
    for start in range(0, len(records), RECORDS_PER_CALL):
        batch = [(firehose._record_id(), raw) for raw in records[start : start + RECORDS_PER_CALL]]
        try:
            made = firehose._apply_lambda_processors(stream, dest, batch)
            rows.extend(payload.decode() for _id, payload in made)
        except Exception as error:
            firehose.logger.error("Firehose %s: %s", stream["name"], error)
    if rows:
        _append(table, rows)


def _append(table, rows):
    import duckdb

    iceberg = table["Iceberg"]
    # Firehose takes timestamps as microseconds since 1970.
    columns = {name: "BIGINT" if kind == "TIMESTAMP" else kind for name, kind in iceberg["columns"].items()}
    picked = ", ".join(
        f'make_timestamp("{name}") AS "{name}"' if kind == "TIMESTAMP" else f'"{name}"'
        for name, kind in iceberg["columns"].items()
    )
    transforms = {"identity": "CAST({} AS VARCHAR)", "day": "strftime({}, '%Y-%m-%d')"}
    keys = [transforms[transform].format(f'"{source}"') for _name, source, transform in iceberg["partitions"]]
    present = " AND ".join([f'"{name}" IS NOT NULL' for name in iceberg["required"]] or ["true"])
    connection = duckdb.connect(":memory:")
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file, connection:
        file.write("\n".join(rows))
        file.flush()
        kinds = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
        connection.execute(
            f"CREATE TABLE rows AS SELECT {picked} FROM "
            f"read_json('{file.name}', format = 'newline_delimited', columns = {{{kinds}}}) "
            f"WHERE {present}"
        )
        found = connection.execute(f"SELECT DISTINCT {', '.join(keys)} FROM rows").fetchall()
        for values in found:
            condition = " AND ".join(f"{key} = ?" for key in keys)
            folder = "/".join(f"{name}={value}" for (name, _, _), value in zip(iceberg["partitions"], values))
            body = _parquet(connection, f"SELECT * FROM rows WHERE {condition}", values)
            with _FILES:
                _put(table["StorageDescriptor"]["Location"] + f"/data/{folder}/{uuid.uuid4()}.parquet", body)


def _parquet(connection, query, values=()):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "file.parquet")
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)", list(values))
        with open(path, "rb") as file:
            return file.read()


def _put(uri, body):
    bucket, key = uri.removeprefix("s3://").split("/", 1)
    s3._put_object(bucket, key, body, {"content-length": str(len(body))})


def athena_statements():
    """Execution parameters stand for the question marks, DELETE deletes from a folder's files, and what
    keeps Iceberg's files in shape has nothing to do."""
    start, run, read = athena._start_query_execution, athena._run_duckdb, athena._materialize_table_files

    def start_query_execution(data):
        query = _with_parameters(data.get("QueryString", ""), list(data.get("ExecutionParameters") or []))
        return start({**data, "QueryString": query})

    async def run_duckdb(query, database, catalog=None):
        words = [token[1] for token in athena._sql_tokens(query)]
        if words[:2] == ["delete", "from"]:
            deleted = await asyncio.to_thread(_delete, query, database)
            return {"columns": ["rows"], "column_types": ["bigint"], "rows": [[deleted]]}
        if words[:1] in (["optimize"], ["vacuum"], ["alter"]):
            return {"columns": [], "column_types": [], "rows": []}
        return await run(query, database, catalog)

    def materialize_table_files(location, folders):
        with _FILES:
            return read(location, folders)

    athena._start_query_execution = start_query_execution
    athena._run_duckdb = run_duckdb
    athena._materialize_table_files = materialize_table_files


def _with_parameters(query, parameters):
    """As EXECUTE … USING: each parameter is a literal, in the order of the question marks."""
    marks = [start for _kind, text, start, _end in athena._sql_tokens(query) if text == "?"]
    for place, literal in reversed(list(zip(marks, parameters))):
        query = query[:place] + literal + query[place + 1 :]
    return query


def _delete(query, database):
    """DELETE FROM table WHERE condition: files that hold such rows are written anew without them."""
    import duckdb

    where = next(end for kind, text, _start, end in athena._sql_tokens(query) if (kind, text) == ("name", "where"))
    reference = athena._table_references(query)[0]
    condition = query[where:]
    table = glue._tables[f"{reference.database or database}/{reference.table}"]
    bucket, prefix = table["StorageDescriptor"]["Location"].removeprefix("s3://").split("/", 1)
    deleted, written = 0, {}
    with _DELETES, duckdb.connect(":memory:") as connection:
        for own, theirs in [("regexp_like", "regexp_matches"), ("json_extract_scalar", "json_extract_string")]:
            connection.execute(f"CREATE MACRO {own}(s, p) AS {theirs}(s, p)")  # Athena's names for them
        # Files that come meanwhile are of later commits; those that are there, nobody else changes.
        for key in [key for key in list(s3._buckets[bucket]["objects"]) if key.startswith(prefix + "/data/")]:
            with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
                file.write(s3._get_object_data(bucket, key))
                file.flush()
                rows = f"FROM read_parquet('{file.name}', hive_partitioning = false)"
                gone, stay = connection.execute(
                    f"SELECT count(*) FILTER (WHERE {condition}), count(*) FILTER (WHERE NOT coalesce(({condition}), false)) {rows}"
                ).fetchone()
                if gone:
                    kept = f"SELECT * {rows} WHERE NOT coalesce(({condition}), false)"
                    written[key] = _parquet(connection, kept) if stay else None
                deleted += gone
        with _FILES:
            for key, body in written.items():
                if body:
                    _put(f"s3://{bucket}/{key}", body)
                else:
                    s3._delete_object(bucket, key)
    return deleted


def results_where_they_are_said_to_be():
    """The result lies at the execution's OutputLocation itself, not in a folder of that name."""

    async def save(query_id):
        execution = athena._executions[query_id]
        results = execution["_results"]
        text = io.StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(results["columns"])
        writer.writerows(results["rows"])
        _put(execution["ResultConfiguration"]["OutputLocation"], text.getvalue().encode())

    athena._save_query_results = save
