"""Compare the operands of Fn::Equals as CloudFormation does: as text.

LocalEmu 1.3.2's second engine compares values, so that a Number parameter with the default 0 equals neither 0 nor "0"
once it is given on the command line.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-conditions.html
"""

from typing import Any

from localemu.services.cloudformation.engine.template_utils import fn_equals_type_conversion
from localemu.services.cloudformation.engine.v2.change_set_model_preproc import ChangeSetModelPreproc


def are_equal(operands: list[Any]) -> bool:
    """Whether two operands are equal as text, booleans in lower case."""
    one, other = operands
    return bool(fn_equals_type_conversion(one) == fn_equals_type_conversion(other))


def install() -> None:
    """Let every condition of every template be decided so from now on."""
    visit = ChangeSetModelPreproc.visit_node_intrinsic_function_fn_equals

    def visit_fn_equals(self: Any, node: Any) -> Any:
        operands = self.visit(node.arguments)
        if isinstance(operands.after, list) and len(operands.after) != 2:
            return visit(self, node)  # it has the error's words
        return self._cached_apply(scope=node.scope, arguments_delta=operands, resolver=are_equal)

    ChangeSetModelPreproc.visit_node_intrinsic_function_fn_equals = visit_fn_equals
