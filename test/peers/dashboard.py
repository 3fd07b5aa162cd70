# SPDX-License-Identifier: MIT
"""Puts KCIDB files through the ingester and the aggregation of KernelCI's dashboard, and says what is in its tables.

Usage: dashboard.py BACKEND KCIDB_IO FILE...  with PGHOST, PGUSER and PGDATABASE of an empty database.
"""
import importlib.machinery
import json
import os
import re
import sys
import threading
import types

backend, kcidb_io, *files = sys.argv[1:]


class Before312(importlib.machinery.SourceFileLoader):
    """`type X = ...` came with Python 3.12; before it, the same is an assignment."""

    def source_to_code(self, data, path, *, _optimize=-1):
        return super().source_to_code(re.sub(rb"(?m)^type (\w+) =", rb"\1 =", data), path, _optimize=_optimize)

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.split(".")[0] not in ("kernelCI_app", "utils"):
            return None
        found = (importlib.machinery.FileFinder(dir, (cls, [".py"])).find_spec(name) for dir in path or [backend])
        return next((spec for spec in found if spec), None)


if sys.version_info < (3, 12):
    sys.meta_path.insert(0, Before312)
sys.path[:0] = [backend, kcidb_io]

import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["kernelCI_app"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ["PGDATABASE"],
            "USER": os.environ["PGUSER"],
            "HOST": os.environ["PGHOST"],
        }
    },
    USE_TZ=True,
    PROMETHEUS_METRICS_ENABLED=False,
    BASE_DIR=backend,
    BACKEND_DATA_DIR=os.path.join(backend, "data"),
)
django.setup()

from django.core.management import call_command
from django.db import connection
from kernelCI_app.management.commands.helpers import kcidbng_ingester as ingester

# The tables as the models have them: the migrations would load modules of the web server.
from django.apps import apps

with connection.schema_editor() as editor:
    for model in apps.get_app_config("kernelCI_app").get_models():
        editor.create_model(model)

trees = {"https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git": "mainline"}
refused = {}
for file in files:
    meta = {"path": file, "name": os.path.basename(file), "size": os.path.getsize(file)}
    data, said = ingester.prepare_file_data(meta, trees)
    if data is None:
        refused[file] = said
        continue
    made = ingester.build_instances_from_submission(data, ingester.MAP_TABLENAMES_TO_COUNTER)
    lists = {f"{name}_buf": made[name] for name in made}
    counts = [types.SimpleNamespace(value=0) for _ in range(2)]
    ingester.flush_buffers(
        **lists,
        buffer_files=set(),
        dirs={},
        stat_ok=counts[0],
        stat_fail=counts[1],
        counter_lock=threading.Lock(),
    )
    if counts[1].value:
        refused[file] = "not stored"

from kernelCI_app.management.commands import process_pending_aggregations as pending

command = pending.Command()
while command.process_pending_batch(1000):
    pass


def rows(query):
    with connection.cursor() as cursor:
        cursor.execute(query)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row)) for row in cursor.fetchall()]


print(json.dumps({
    "refused": refused,
    "trees": rows("""SELECT tree_name, git_repository_url AS url, git_repository_branch AS branch,
        git_commit_hash AS commit, git_commit_name AS name, test_pass, test_failed, test_inc, build_pass,
        build_failed, build_inc FROM tree_listing ORDER BY tree_name, branch, start_time"""),
    "hardware": rows("""SELECT DISTINCT platform FROM hardware_status ORDER BY platform"""),
    "uncategorized": rows("""SELECT COALESCE(SUM(fail_tests), 0)::int AS fails FROM tree_tests_rollup
        WHERE issue_uncategorized"""),
    "issues": rows("""SELECT issue_id, SUM(fail_tests)::int AS fails FROM tree_tests_rollup
        WHERE issue_id IS NOT NULL GROUP BY issue_id ORDER BY issue_id"""),
    "latest": rows("""SELECT tree_name, git_repository_branch AS branch FROM latest_checkout ORDER BY 1, 2"""),
}))
