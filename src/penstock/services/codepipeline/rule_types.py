"""Types of rules."""

from __future__ import annotations

from penstock.documents.rule_types import RULE_TYPES, RuleTypeSpec
from penstock.services.codepipeline.action_types import shown_counts, shown_property
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call


class RuleTypes(Service):
    async def list_rule_types(self, call: Call, request: Request) -> Answer:
        """All of them, which are AWS's and there in every Region."""
        return {"ruleTypes": [_shown(spec) for spec in RULE_TYPES.values()]}


def _shown(spec: RuleTypeSpec) -> Answer:
    return {
        "id": spec.type._asdict(),
        "ruleConfigurationProperties": [shown_property(one) for one in spec.properties],
        "inputArtifactDetails": shown_counts(spec.inputs),
    }
