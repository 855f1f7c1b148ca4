"""The comparison with the baselines as one more result of the Allure report: charts need a place, and no test is it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

from bench.report.attachments import Attachment

NAME = "Timing against the baselines"


def write_comparison_result(results: str | Path, attachments: Sequence[Attachment], *, regressed: bool) -> Path:
    """Write a result and its *attachments* into the Allure results folder *results*, which exists or is made.

    The format is Allure 2's, <uuid>-result.json and <uuid>-attachment.<extension>.
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
    message = "Intervals have become slower or more scattered; comparison.txt says which."
    document = {
        "uuid": str(uuid.uuid4()),
        "historyId": str(uuid.uuid5(uuid.NAMESPACE_URL, NAME)),
        "name": NAME,
        "status": "failed" if regressed else "passed",
        "statusDetails": {"message": message} if regressed else {},
        "stage": "finished",
        "start": now,
        "stop": now,
        "labels": [{"name": "epic", "value": "Baselines"}, {"name": "feature", "value": NAME}],
        "attachments": sources,
    }
    path = folder / f"{document['uuid']}-result.json"
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path
