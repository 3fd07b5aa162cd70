# SPDX-License-Identifier: MIT
"""What kernelci-core's own code makes of what a LAVA lab sends back.

Usage: kernelci_callback.py CORE NODE DEFINITION --console FILE
       kernelci_callback.py CORE NODE DEFINITION --callback FILE
NODE is the job's node as JSON, DEFINITION the LAVA job; --console has what a machine printed, from which the callback is
made as LAVA would, --callback one that a LAVA server has sent. Prints JSON.
"""
import json
import re
import sys

core, node, definition, form, path = sys.argv[1:]
sys.path.insert(0, core)

import kernelci.runtime.lava
import yaml


def read(name):
    with open(name, encoding="utf-8", errors="replace", newline="") as file:
        return file.read()


def lava_results(text):
    """What LAVA's monitor action (lava_dispatcher/actions/test/monitor.py) reports of a console, as its callback has it."""
    actions = yaml.safe_load(read(definition))["actions"]
    [monitor] = next(action["test"]["monitors"] for action in actions if "test" in action)
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
    return {
        "lava": yaml.dump([{"name": "job", "result": "pass", "metadata": {}}]),
        monitor["name"]: yaml.dump(cases),
    }


if form == "--console":
    results = lava_results(read(path))
    data = {"status": 2, "definition": read(definition), "results": results, "actual_device_id": "qemu-01", "log": "[]"}
else:
    data = json.loads(read(path))
callback = kernelci.runtime.lava.Callback(data)
job = {**json.loads(node), "result": callback.get_job_status(), "state": "done"}
measured = next(yaml.safe_load(text) for name, text in data["results"].items() if name != "lava")
print(json.dumps({
    "node_id": callback.get_meta("node_id"),
    "hierarchy": callback.get_hierarchy(callback.get_results(), job),
    "measurements": {case["name"]: [float(case["measurement"]), case["unit"]] for case in measured},
}))
