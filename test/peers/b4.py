# SPDX-License-Identifier: MIT
"""Has b4's own code run a command as review-series-check-cmd, and prints what it makes of it as JSON.

Usage: b4.py SRC COMMAND MAIL REPOSITORY [TRACKING-FILE]
"""
import email
import email.policy
import importlib
import json
import sys
from unittest.mock import MagicMock

src, command, mail, repository, *tracking = sys.argv[1:]
sys.path.insert(0, src)
# b4 imports these for mail and signatures; a check needs none of them.
for name in ("dkim", "ezgb", "liblore", "liblore.utils", "patatt", "requests"):
    try:
        importlib.import_module(name)
    except ImportError:
        sys.modules[name] = MagicMock()

import b4
import b4.review.checks as checks

with open(mail, "rb") as file:
    message = email.message_from_binary_file(file, policy=email.policy.SMTPUTF8)
msgid = message["message-id"].strip("<> ")
b4.get_config_from_git = lambda *args, **kwargs: {"review-series-check-cmd": [command]}
b4.MAIN_CONFIG = {"review-series-check-cmd": [command]}
_, commands = checks.load_check_cmds()
env = {"B4_TRACKING_FILE": tracking[0]} if tracking else None
results = checks.run_series_checks((msgid, message), commands, repository, extra_env=env)
print(json.dumps({"commands": commands, "results": results}))
