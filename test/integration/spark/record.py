"""What Spark answers to the cases of test/vectors/spark-meaning.json and test/vectors/spark-queries.json.

    record.py FILE            adds the answers of cases that have none yet, and writes the file
    record.py FILE --check    asks again for all of them, and fails if one differs

A case has an `expression`, computed for each row of the table `of`, or a whole `sql`. Its `rows` are texts or null: numbers with
all their digits, dates and timestamps as SQL writes them. `fails` stands for rows where Spark has an error. Doubles are compared
to 9 digits.
"""

import json
import os
import sys

SETTINGS = {
    "spark.sql.ansi.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
}
TYPES = {"VARCHAR": "STRING", "TIMESTAMP": "TIMESTAMP_NTZ", "INTEGER": "INT"}
PLAIN = ("byte", "short", "integer", "long", "float", "double", "decimal", "string", "boolean")


def start():
    # Spark prints its own words on a process' standard error until it knows its log level.
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[1]").appName("spark-meaning")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    return session


def print_value(value, type_name):
    if value is None:
        return "NULL"
    text = f"CAST(X'{value.encode().hex()}' AS STRING)"
    return text if type_name == "VARCHAR" else f"CAST({text} AS {TYPES.get(type_name, type_name)})"


def make_table(session, name, table):
    columns = table["columns"]
    types = list(columns.values())
    rows = [", ".join(print_value(value, types[at]) for at, value in enumerate(row)) for row in table["rows"]]
    # The rows stay together in one place, so that their order is that of the file.
    data = ", ".join(f"({row})" for row in rows)
    casts = ", ".join(
        f"CAST(c{at} AS {TYPES.get(type_name, type_name)}) AS {column}"
        for at, (column, type_name) in enumerate(columns.items())
    )
    names = ", ".join(f"c{at}" for at in range(len(columns)))
    session.sql(f"SELECT {casts} FROM VALUES {data} AS t({names})").createOrReplaceTempView(name)


def format_value(value):
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(repr(value), repr(value))
    if hasattr(value, "as_tuple"):
        return format(value, "f")
    return str(value)


def answer(session, case):
    from pyspark.sql import functions

    sql = case.get("sql") or f"SELECT ({case['expression']}) AS r FROM {case['of']} ORDER BY id"
    try:
        frame = session.sql(sql)
        types = [field.dataType.simpleString() for field in frame.schema.fields]
        if any(field.dataType.typeName() not in PLAIN for field in frame.schema.fields):
            names = [f"c{at}" for at in range(len(types))]
            frame = frame.toDF(*names)
            frame = frame.select(
                *[
                    functions.col(name)
                    if frame.schema[name].dataType.typeName() in PLAIN
                    else functions.col(name).cast("string").alias(name)
                    for name in names
                ]
            )
        rows = [[format_value(value) for value in row] for row in frame.collect()]
    except Exception as error:
        return {"type": None, "fails": name_of(error)}
    if "sql" in case:
        return {"type": types, "rows": rows}
    return {"type": types[0], "rows": [row[0] for row in rows]}


def name_of(error):
    for method in ("getCondition", "getErrorClass"):
        found = getattr(error, method, lambda: None)()
        if found:
            return found
    return str(error).strip().split("\n")[0][:80]


def is_same(recorded, found, type_name):
    if recorded is None or found is None or type_name not in ("double", "float"):
        return recorded == found
    return f"{float(recorded):.9g}" == f"{float(found):.9g}"


def differs(case, found):
    if "fails" in case or "fails" in found:
        return case.get("fails") != found.get("fails")
    if case["type"] != found["type"] or len(case["rows"]) != len(found["rows"]):
        return True
    if "sql" not in case:
        return not all(is_same(*pair, case["type"]) for pair in zip(case["rows"], found["rows"]))
    return not all(
        len(before) == len(after) and all(is_same(*each) for each in zip(before, after, case["type"]))
        for before, after in zip(case["rows"], found["rows"])
    )


def line_of(value):
    return json.dumps(value, ensure_ascii=False)


def write(path, data):
    tables = ",\n".join(
        f'    {line_of(name)}: {{\n      "columns": {line_of(table["columns"])},\n      "rows": [\n'
        + ",\n".join(f"        {line_of(row)}" for row in table["rows"])
        + "\n      ]\n    }"
        for name, table in data["tables"].items()
    )
    cases = ",\n".join(f"    {line_of(case)}" for case in data["cases"])
    text = (
        f'{{\n  "recordedWith": {line_of(data["recordedWith"])},\n  "tables": {{\n{tables}\n  }},\n'
        f'  "cases": [\n{cases}\n  ]\n}}\n'
    )
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def main(path, *options):
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    session = start()
    for name, table in data["tables"].items():
        make_table(session, name, table)
    is_check = "--check" in options
    bad = 0
    asked = 0
    for case in data["cases"]:
        if not is_check and ("rows" in case or "fails" in case):
            continue
        asked += 1
        found = answer(session, case)
        if not is_check:
            known = case.pop("known", None)
            case.update(found)
            case["known"] = known
        elif differs(case, found):
            bad += 1
            print(f"{case.get('expression') or case['sql']}: recorded {line_of(case.get('rows'))}, got {line_of(found)}")
    if not is_check:
        kept = ("ansi.enabled", "timeZone", "timestampType")
        shown = ", ".join(f"{name}={value}" for name, value in SETTINGS.items() if name.endswith(kept))
        data["recordedWith"] = f"pyspark {session.version}, {shown}"
        write(path, data)
    print(f"spark {session.version}: {asked} asked, {bad} differ")
    session.stop()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
