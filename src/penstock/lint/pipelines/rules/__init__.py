"""The table of rules for pipelines: a file per rule, a line here."""

from __future__ import annotations

from penstock.lint.pipelines.refused import PipelineRule
from penstock.lint.pipelines.rules.action_environment import action_environment
from penstock.lint.pipelines.rules.approval_topic import approval_topic
from penstock.lint.pipelines.rules.change_set_order import change_set_order
from penstock.lint.pipelines.rules.clone_reference import clone_reference
from penstock.lint.pipelines.rules.cross_region import cross_region
from penstock.lint.pipelines.rules.double_start import double_start
from penstock.lint.pipelines.rules.foreign_file import foreign_file
from penstock.lint.pipelines.rules.leftover_metadata import leftover_metadata
from penstock.lint.pipelines.rules.literal_token import literal_token
from penstock.lint.pipelines.rules.long_configuration import long_configuration
from penstock.lint.pipelines.rules.missing_template import missing_template
from penstock.lint.pipelines.rules.never_started import never_started
from penstock.lint.pipelines.rules.output_identifiers import output_identifiers
from penstock.lint.pipelines.rules.parameter_overrides import parameter_overrides
from penstock.lint.pipelines.rules.primary_source import primary_source
from penstock.lint.pipelines.rules.s3_deploy_key import s3_deploy_key
from penstock.lint.pipelines.rules.stack_action import stack_action
from penstock.lint.pipelines.rules.unexported_variable import unexported_variable
from penstock.lint.pipelines.rules.unknown_member import unknown_member
from penstock.lint.pipelines.rules.unknown_parameter import unknown_parameter
from penstock.lint.pipelines.rules.unknown_resource import unknown_resource
from penstock.lint.pipelines.rules.unversioned_source import unversioned_source
from penstock.lint.pipelines.rules.variable_key import variable_key
from penstock.lint.pipelines.rules.wrong_resource import wrong_resource

RULES: tuple[PipelineRule, ...] = (
    unknown_member,
    primary_source,
    parameter_overrides,
    action_environment,
    foreign_file,
    stack_action,
    s3_deploy_key,
    cross_region,
    change_set_order,
    variable_key,
    unexported_variable,
    output_identifiers,
    missing_template,
    unknown_parameter,
    double_start,
    never_started,
    clone_reference,
    approval_topic,
    wrong_resource,
    unknown_resource,
    unversioned_source,
    leftover_metadata,
    literal_token,
    long_configuration,
)
