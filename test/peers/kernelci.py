# SPDX-License-Identifier: MIT
"""Takes our files through kernelci-core's and kernelci-pipeline's own code, as a deployment would, up to LAVA jobs.

Usage: kernelci.py PIPELINE CORE CONFIG FILES CALLBACK
CONFIG is a copy of the pipeline's config/ with our files in it, FILES the URL of a folder with checkout/vmlinux and
patchset/vmlinux, CALLBACK where results go. Prints JSON.
"""
import json
import os
import sys

pipeline, core, config, files, callback = sys.argv[1:]
sys.path.insert(0, core)
os.environ["KCI_INSTANCE_CALLBACK"] = callback

import kernelci.config
import kernelci.runtime
import kernelci.runtime.lava
import kernelci.scheduler

entries = ["jobs", "platforms"]
order = kernelci.config.validate_yaml(os.path.join(config, "jobs-busyguest.yaml"), entries)
configs = kernelci.config.load(config)


class NoRuntime:
    """A Kubernetes cluster is not asked for anything here."""

    def __init__(self, config):
        self.config = config


templates = [os.path.join(config, "runtime"), os.path.join(core, "config/runtime")]
runtimes = {}
for name, runtime in configs["runtimes"].items():
    if runtime.lab_type == "lava":
        runtimes[name] = kernelci.runtime.lava.LAVA(runtime, token="token")
        runtimes[name]._templates = templates
    else:
        runtimes[name] = NoRuntime(runtime)
scheduler = kernelci.scheduler.Scheduler(configs, runtimes)
revision = {"tree": "mainline", "branch": "master", "describe": "v7.2-1-gabc", "version": {"version": 7, "patchlevel": 2}}


def scheduled(event):
    found = scheduler.get_schedule(event)
    return [row for row in found if "busyguest" in row[0].name or row[0].template == "busyguest.jinja2"]


builds = []
jobs = []
# A checkout, and a patchset on top of it: their nodes are of one kind.
for name, patchset in (("checkout", None), ("patchset", "ab" * 32)):
    for build, runtime, platform, _ in scheduled({"kind": "checkout", "state": "available", "name": name}):
        builds.append({"checkout": name, "name": build.name, "runtime": runtime.config.name})
        event = {"kind": "kbuild", "name": build.name, "state": "done", "result": "pass"}
        for job, runtime, platform, _ in scheduled(event):
            node = {
                "id": f"{name}-{job.name}",
                "kind": "job",
                "name": job.name,
                "path": ["checkout", build.name, job.name],
                "data": {"kernel_revision": {**revision, "patchset": patchset}},
                "artifacts": {"kernel": f"{files}/{name}/vmlinux"},
                "submitter": "service:pipeline",
            }
            todo = kernelci.runtime.Job(node, job)
            todo.platform_config = platform
            todo.storage_config = configs["storage_configs"]["kci-storage"]
            api = configs["api"]["production"] if "api" in configs else configs["api_configs"]["production"]
            params = runtime.get_params(todo, api)
            params = platform.format_params(params, {"krev": "7.2", **job.params})
            text = runtime.generate(todo, params)
            jobs.append({
                "checkout": name,
                "name": job.name,
                "runtime": runtime.config.name,
                "platform": platform.name,
                "definition": text,
                "node": node,
            })

print(json.dumps({"order": order, "builds": builds, "jobs": jobs}))
