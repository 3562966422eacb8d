"""The types of rules that a stage's conditions are made of (CP-071 to CP-074): a table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from penstock.documents.action_types import Counts, Property, counts_of, properties_of
from penstock.documents.pipelines import TypeId


class RuleTypeSpec(NamedTuple):
    """`skips`: whether a condition with such a rule may skip its stage (CP-067).

    What is `open` has more keys of configuration than are known here, and takes any.
    """

    type: TypeId
    inputs: Counts
    properties: tuple[Property, ...]
    skips: bool = False
    open: bool = False

    def property(self, name: str) -> Property | None:
        return next((one for one in self.properties if one.name == name), None)


def _spec(
    provider: str, inputs: str, keys: str, *, skips: bool = False, open: bool = False
) -> RuleTypeSpec:
    type = TypeId("Rule", "AWS", provider)
    return RuleTypeSpec(type, counts_of(inputs), properties_of(keys), skips, open)


_TABLE = (
    _spec("VariableCheck", "0", "Variable* Value* Operator*", skips=True),  # CP-071
    _spec("DeploymentWindow", "0", "Cron* TimeZone=UTC"),  # CP-072
    _spec("CloudWatchAlarm", "0", "AlarmName* AlarmStates WaitTime"),  # CP-073
    # CP-074
    _spec("LambdaInvoke", "0-5", "FunctionName* UserParameters", skips=True),
    _spec("Commands", "0-10", ""),
    _spec("CodeBuild", "0-5", "ProjectName*", open=True),
)

RULE_TYPES: Mapping[TypeId, RuleTypeSpec] = MappingProxyType({one.type: one for one in _TABLE})
