"""Draw docs/images/architecture.png: the flow, with the official icons.

Needs graphviz on PATH. Run: `uv run --no-project --with diagrams==0.25.1 python docs/draw_architecture.py`.
"""

from pathlib import Path

from diagrams import Diagram, Edge, Node
from diagrams.aws.analytics import Athena, GlueCrawlers, GlueDataCatalog, Quicksight
from diagrams.aws.compute import Lambda
from diagrams.aws.integration import Eventbridge, SimpleNotificationServiceSns, SimpleQueueServiceSqs
from diagrams.aws.storage import SimpleStorageServiceS3Bucket as Bucket
from diagrams.onprem.client import User

TARGET = Path(__file__).parent / "images" / "architecture"
FONT = {"fontname": "Helvetica", "fontsize": "19"}
MAIN = {"color": "#d86613", "penwidth": "3", **FONT}
SIDE = {"color": "#6b7785", "penwidth": "2", "style": "dashed", **FONT}
STEP_X, STEP_Y = 2.75, 2.75  # inches between neighbours on the grid


def at(kind: type[Node], column: float, row: float, label: str) -> Node:
    """Place a node on the grid; the main job reads along the first row, then down."""
    return kind(label, pos=f"{column * STEP_X},{-row * STEP_Y}!")


def draw() -> None:
    """Write the picture."""
    graph = {"pad": "0.55", "bgcolor": "white", "splines": "line", **FONT}
    diagram = Diagram("", filename=str(TARGET), show=False, graph_attr=graph, node_attr=FONT, edge_attr=MAIN)
    diagram.dot.engine = "neato"  # keeps the positions that we give
    with diagram:
        user = at(User, 0, 0, "you: aws s3 cp")
        csv = at(Bucket, 1, 0, "S3 csv-files/")
        rule = at(Eventbridge, 2, 0, "EventBridge rule")
        topic = at(SimpleNotificationServiceSns, 3, 0, "SNS topic")
        queue = at(SimpleQueueServiceSqs, 4, 0, "SQS queue")
        dlq = at(SimpleQueueServiceSqs, 5, 0, "dead letters")
        convert = at(Lambda, 4, 1, "Lambda Convert")
        meta = at(Bucket, 5, 1, "S3 meta/: ledger")
        parquet = at(Bucket, 3, 1, "S3 parquet-files/")
        catalog = at(GlueDataCatalog, 3, 2, "Glue Data Catalog")
        crawler = at(GlueCrawlers, 4, 2, "Glue crawler\n(optional)")
        athena = at(Athena, 1.5, 1.5, "Athena workgroup")
        results = at(Bucket, 1.5, 2.5 - 0.08, "S3 athena-queries/")
        people = at(Quicksight, 0, 1.5, "BI tools")

        user >> csv >> rule >> topic >> queue >> convert >> parquet >> athena >> people
        convert >> catalog >> athena
        queue >> Edge(**SIDE) >> dlq
        convert >> Edge(**SIDE) >> meta
        convert >> Edge(**SIDE) >> crawler >> Edge(**SIDE) >> catalog
        athena >> Edge(**SIDE) >> results


if __name__ == "__main__":
    draw()
