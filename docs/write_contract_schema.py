"""Write docs/contract.schema.json from the form by which contracts are read: run this file, without arguments."""

import json
from pathlib import Path

from csvlake.lake.contract_form import make_schema

target = Path(__file__).with_name("contract.schema.json")
target.write_text(json.dumps(make_schema(), indent=2) + "\n", encoding="utf-8")
