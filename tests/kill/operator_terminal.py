"""An operators' terminal as a process: takes orders from standard input, one a line.

`{"do": "move", "wanted": [[T, true]]}` files and approves; `approve`, `reject`, `resolve` and
`release` name what they are about. Each order is answered with a line; every step can be the last
before it is killed.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from handwheel.connectors.errors import HandwheelError

from .operator_actions import Desk
from .site import World


def _obey(desk: Desk, order: Mapping[str, Any]) -> None:
    match order["do"]:
        case "move":
            desk.approve(desk.propose(order["wanted"]))
        case "approve":
            desk.approve(order["request_id"])
        case "reject":
            desk.reject(order["request_id"])
        case "release":
            desk.release(order["scope"])
        case _:
            desk.resolve(desk.known_of(order["action_id"]), applied=order["applied"])


def main() -> None:
    desk = Desk(World(Path(sys.argv[1])))
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        problem = ""
        try:
            _obey(desk, json.loads(line))
        except HandwheelError as error:
            problem = str(error)
        print(json.dumps({"done": True, "problem": problem}), flush=True)


if __name__ == "__main__":
    main()
