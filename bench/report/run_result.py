"""A result of the whole run in the Allure report: charts over all tests need a place, and no test is it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

from bench.report.attachments import Attachment


def write_run_result(
    results: str | Path, name: str, attachments: Sequence[Attachment], *, epic: str, failed_because: str = ""
) -> Path:
    """Write a result called *name* and its *attachments* into the Allure results folder *results*, made if need be.

    failed_because   empty: it passed. The format is Allure 2's, <uuid>-result.json and <uuid>-attachment.<extension>
    """
    folder = Path(results)
    folder.mkdir(parents=True, exist_ok=True)
    sources = []
    for attachment in attachments:
        source = f"{uuid.uuid4()}-attachment.{attachment.kind.extension}"
        body = attachment.body
        (folder / source).write_bytes(body.encode() if isinstance(body, str) else body)
        sources.append({"name": attachment.name, "source": source, "type": attachment.kind.media_type})
    now = time.time_ns() // 1_000_000
    document = {
        "uuid": str(uuid.uuid4()),
        "historyId": str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
        "name": name,
        "status": "failed" if failed_because else "passed",
        "statusDetails": {"message": failed_because} if failed_because else {},
        "stage": "finished",
        "start": now,
        "stop": now,
        "labels": [{"name": "epic", "value": epic}, {"name": "feature", "value": name}],
        "attachments": sources,
    }
    path = folder / f"{document['uuid']}-result.json"
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path
