# SPDX-License-Identifier: MIT
"""Takes our files through kernelci-core's and kernelci-pipeline's own code, as a deployment would.

Usage: kernelci.py PIPELINE CORE CONFIG LAB CONSOLE
CONFIG is a copy of the pipeline's config/ with our files in it, CONSOLE what a machine printed. Prints JSON.
"""
import json
import os
import re
import sys

pipeline, core, config, lab, console = sys.argv[1:]
sys.path.insert(0, core)
os.environ["KCI_INSTANCE_CALLBACK"] = "https://callback.example.org"

import kernelci.config
import kernelci.runtime
import kernelci.runtime.lava
import kernelci.scheduler
import yaml

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


def lava_results(definition, text):
    """What LAVA's monitor action (lava_dispatcher/actions/test/monitor.py) reports of a console, as its callback has it."""
    [monitor] = next(action["test"]["monitors"] for action in definition["actions"] if "test" in action)
    start = re.search(monitor["start"], text).end()
    end = re.search(monitor["end"], text[start:]).start() + start
    cases = []
    for match in re.finditer(monitor["pattern"], text[start:end]):
        found = match.groupdict()
        cases.append({
            "name": re.sub(r"\W+", "_", found["test_case_id"].strip().lower()),
            "result": found["result"],
            "measurement": found["measurement"],
            "unit": found["units"],
            "metadata": {"definition": monitor["name"], "case": found["test_case_id"], "result": found["result"]},
        })
    # LAVA's newest comes first.
    return {
        "lava": yaml.dump([{"name": "job", "result": "pass", "metadata": {}}]),
        monitor["name"]: yaml.dump(cases[::-1]),
    }


def came_back(definition, node):
    with open(console, encoding="utf-8", errors="replace", newline="") as file:
        results = lava_results(definition, file.read())
    data = {"status": 2, "definition": yaml.dump(definition), "results": results, "actual_device_id": "qemu-01", "log": "[]"}
    callback = kernelci.runtime.lava.Callback(data)
    plain = callback.get_results()
    job = {**node, "result": callback.get_job_status(), "state": "done"}
    measured = next(yaml.safe_load(text) for name, text in callback.get_data()["results"].items() if name != "lava")
    return {
        "node_id": callback.get_meta("node_id"),
        "hierarchy": callback.get_hierarchy(plain, job),
        "measurements": {case["name"]: [float(case["measurement"]), case["unit"]] for case in measured},
    }


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
                "artifacts": {"kernel": f"https://files.example.org/{name}/vmlinux"},
                "submitter": "service:pipeline",
            }
            todo = kernelci.runtime.Job(node, job)
            todo.platform_config = platform
            todo.storage_config = configs["storage_configs"]["kci-storage"]
            api = configs["api"]["production"] if "api" in configs else configs["api_configs"]["production"]
            params = runtime.get_params(todo, api)
            params = platform.format_params(params, {"krev": "7.2", **job.params})
            text = runtime.generate(todo, params)
            definition = yaml.safe_load(text)
            jobs.append({
                "checkout": name,
                "name": job.name,
                "runtime": runtime.config.name,
                "platform": platform.name,
                "definition": text,
                **came_back(definition, node),
            })

print(json.dumps({"order": order, "builds": builds, "jobs": jobs}))
