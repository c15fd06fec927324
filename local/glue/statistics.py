"""Column statistics of tables and partitions, which moto's Glue does not have.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-tables.html#aws-glue-api-catalog-tables-UpdateColumnStatisticsForTable
"""

import json
from typing import Any

from moto.glue.exceptions import EntityNotFoundException

Statistics = dict[str, dict[str, Any]]  # column → its statistics


class StatisticsOperations:
    """Methods that moto's GlueResponse gains."""

    glue_backend: Any
    parameters: Any

    def get_column_statistics_for_table(self) -> str:
        """Return the statistics of the columns that have some; the others are errors."""
        return self._get(self._statistics())

    def get_column_statistics_for_partition(self) -> str:
        """Return a partition's statistics."""
        return self._get(self._statistics())

    def update_column_statistics_for_table(self) -> str:
        """Set statistics of columns."""
        return self._update(self._statistics())

    def update_column_statistics_for_partition(self) -> str:
        """Set a partition's statistics."""
        return self._update(self._statistics())

    def delete_column_statistics_for_table(self) -> str:
        """Delete one column's statistics."""
        return self._delete(self._statistics())

    def delete_column_statistics_for_partition(self) -> str:
        """Delete one column's statistics in a partition."""
        return self._delete(self._statistics())

    def _statistics(self) -> Statistics:
        """Return what is kept with the table or the partition, so that it goes with it."""
        table = self.glue_backend.get_table(self.parameters["DatabaseName"], self.parameters["TableName"])
        values = self.parameters.get("PartitionValues")
        owner = table if values is None else table.get_partition(values)
        if not hasattr(owner, "column_statistics"):
            owner.column_statistics = {}
        kept: Statistics = owner.column_statistics
        return kept

    def _get(self, kept: Statistics) -> str:
        names = self.parameters["ColumnNames"]
        missing = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "Statistics not found."}
        found = {
            "ColumnStatisticsList": [kept[name] for name in names if name in kept],
            "Errors": [{"ColumnName": name, "Error": missing} for name in names if name not in kept],
        }
        return json.dumps(found)

    def _update(self, kept: Statistics) -> str:
        for statistics in self.parameters["ColumnStatisticsList"]:
            kept[statistics["ColumnName"]] = statistics
        return json.dumps({"Errors": []})

    def _delete(self, kept: Statistics) -> str:
        if kept.pop(self.parameters["ColumnName"], None) is None:
            raise EntityNotFoundException("Statistics not found.")
        return ""
