"""What `sam build` made is packed as it is, equal input to equal archives."""

import os
import zipfile
from pathlib import Path

from local.artifacts import override_parameters, pack_artifacts

TEMPLATE = """\
Resources:
  Layer:
    Type: AWS::Serverless::LayerVersion
    Properties:
      ContentUri: Layer
  Remote:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: s3://bucket/key
"""


def build(folder: Path) -> Path:
    (folder / "Layer" / "python").mkdir(parents=True)
    module = folder / "Layer" / "python" / "m.py"
    module.write_text("x = 1\n" * 1000)
    for path in (module, module.parent, module.parent.parent):
        os.utime(path, (1_577_836_800, 1_577_836_800))
    template = folder / "template.yaml"
    template.write_text(TEMPLATE)
    return template


def test_folders_become_archives_and_all_else_stays(tmp_path: Path) -> None:
    template = build(tmp_path)
    pack_artifacts(template)
    packed = template.read_text()
    assert packed == TEMPLATE.replace("ContentUri: Layer", "ContentUri: Layer.zip")
    with zipfile.ZipFile(tmp_path / "Layer.zip") as archive:
        assert archive.read("python/m.py") == b"x = 1\n" * 1000


def test_equal_folders_give_equal_archives(tmp_path: Path) -> None:
    for name in ("one", "two"):
        pack_artifacts(build(tmp_path / name))
    assert (tmp_path / "one" / "Layer.zip").read_bytes() == (tmp_path / "two" / "Layer.zip").read_bytes()


def test_parameters_are_spelt_for_sam() -> None:
    assert override_parameters({}) == []
    spelt = override_parameters({"CatalogMode": "crawler", "CrawlerSchedule": "cron(15 * * * ? *)"})
    assert spelt == ["--parameter-overrides", 'CatalogMode="crawler"', 'CrawlerSchedule="cron(15 * * * ? *)"']
