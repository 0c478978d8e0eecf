"""Executes a notebook with the kernel it names and writes it with its outputs.

    python execute_notebook.py NOTEBOOK OUTPUT

Cells run in the notebook's own folder, all of them, also after an error: the outputs are judged by the caller.

`jupyter nbconvert --execute` does the same through the same library, but loses outputs here: Deno's kernel sometimes
says that it is idle before it sends a cell's result (about one cell in thirty), and nbconvert listens until idle.
"""

import sys
from copy import deepcopy
from pathlib import Path
from queue import Empty

import nbformat
from nbclient import NotebookClient

CELL_TIMEOUT_S = 120
LATE_OUTPUT_S = 0.5


def main(notebook_path: Path, output_path: Path) -> None:
    notebook = nbformat.read(notebook_path, as_version=4)

    async def take_late_outputs(cell, cell_index, execute_reply) -> None:
        request = execute_reply["parent_header"]["msg_id"]
        while True:
            try:
                message = await client.kc.get_iopub_msg(timeout=LATE_OUTPUT_S)
            except Empty:
                return
            if message["parent_header"].get("msg_id") == request and message["msg_type"] != "status":
                client.process_message(message, cell, cell_index)

    client = NotebookClient(
        notebook,
        allow_errors=True,
        timeout=CELL_TIMEOUT_S,
        record_timing=False,
        on_cell_executed=take_late_outputs,
        resources={"metadata": {"path": str(notebook_path.parent)}},
    )
    metadata = deepcopy(notebook.metadata)
    client.execute()
    # The kernel's own version is of no interest to readers.
    notebook.metadata = metadata
    nbformat.write(notebook, output_path)


main(Path(sys.argv[1]), Path(sys.argv[2]))
