from __future__ import annotations

import copy
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.documents.templates import Output, Parameter, Resource, Rule, Template
from penstock.documents.templates.reader import read_template, read_untransformed, transforms_of
from penstock.documents.templates.text import read_text

BUCKET = "Resources: {B: {Type: AWS::S3::Bucket}}\n"


def body(text: str) -> dict[str, Any]:
    found, problems = read_text(text.encode(), "t.yaml")
    assert found is not None, problems
    return dict(found.body)


def read(text: str) -> Template:
    template, problems = read_template(body(text))
    assert template is not None, problems
    return template


def messages(text: str) -> list[str]:
    template, problems = read_template(body(text))
    assert (template is None) == bool(problems)
    return [problem.message for problem in problems]


def of_resource(properties: str, more: str = "") -> list[str]:
    return messages(
        f"{more}\nResources: {{R: {{Type: T, Properties: {{x: {properties}}}}}, S: {{Type: T}}}}"
    )


WHOLE = """\
AWSTemplateFormatVersion: 2010-09-09
Description: all there is
Metadata: {m: 1}
Parameters:
  P: {Type: String, Default: x, NoEcho: true, Description: d, MinLength: 1, AllowedValues: [x, y]}
  L: {Type: AWS::SSM::Parameter::Value<List<String>>}
Rules:
  R: {RuleCondition: !Equals [!Ref P, x], Assertions: [{Assert: !Contains [[x], !Ref P],
      AssertDescription: must be}]}
Mappings:
  M: {us-east-1: {Ami: a, List: [b, c]}, 012345678901: {x.y-z: 1}}
Conditions:
  C: !Equals [!FindInMap [M, !Ref AWS::Region, Ami], x]
  D: !And [!Condition C, !Not [!Condition C]]
Resources:
  A:
    Type: AWS::S3::Bucket
    DependsOn: B
    Condition: C
    DeletionPolicy: Retain
    UpdateReplacePolicy: Snapshot
    Metadata: {a: !Ref B}
    Properties: {BucketName: !If [D, !Ref P, !Ref AWS::NoValue], Tags: [!GetAtt B.Arn]}
  B:
    Type: AWS::IAM::Role
    DependsOn: []
    CreationPolicy: {ResourceSignal: {Count: 1}}
    UpdatePolicy: {AutoScalingReplacingUpdate: {WillReplace: true}}
Outputs:
  O: {Value: !Sub "${A}-${B.Arn}", Description: d, Condition: C,
      Export: {Name: !Sub "${AWS::StackName}-O"}}
  Q: {Value: 1, Export: {Name: a:b-c}}
"""


def test_a_whole_template() -> None:
    """TG-112, TG-114, TG-115"""
    template = read(WHOLE)
    allowed = {"MinLength": 1, "AllowedValues": ["x", "y"]}
    assert template.parameters == {
        "P": Parameter("String", "x", True, "d", allowed),
        "L": Parameter("AWS::SSM::Parameter::Value<List<String>>"),
    }
    assert template.mappings["M"]["012345678901"] == {"x.y-z": 1}
    assert list(template.conditions) == ["C", "D"]
    assert template.rules["R"] == Rule(
        {"Fn::Equals": [{"Ref": "P"}, "x"]},
        (({"Fn::Contains": [["x"], {"Ref": "P"}]}, "must be"),),
    )
    assert template.resources["A"] == Resource(
        "AWS::S3::Bucket",
        {
            "BucketName": {"Fn::If": ["D", {"Ref": "P"}, {"Ref": "AWS::NoValue"}]},
            "Tags": [{"Fn::GetAtt": ["B", "Arn"]}],
        },
        ("B",),
        "C",
        "Retain",
        "Snapshot",
        metadata={"a": {"Ref": "B"}},
    )
    assert template.resources["B"].creation_policy == {"ResourceSignal": {"Count": 1}}
    assert template.outputs["O"] == Output(
        {"Fn::Sub": "${A}-${B.Arn}"}, "d", "C", {"Fn::Sub": "${AWS::StackName}-O"}
    )
    assert template.outputs["Q"].export == "a:b-c"
    assert (template.description, template.metadata) == ("all there is", {"m": 1})
    assert template.transforms == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A: 1", "Invalid template property or properties [A]"),
        ("{}", "Template format error: At least one Resources member must be defined."),
        ("Resources: {}", "Template format error: At least one Resources member must be defined."),
        ("AWSTemplateFormatVersion: 1\n" + BUCKET,
         "Template format error: unsupported value for AWSTemplateFormatVersion."),
        ("Description: [a]\n" + BUCKET,
         "Template format error: Every Description member must be a string."),
        (f"Description: {'x' * 1025}\n{BUCKET}",
         "Template format error: 'Description' length is greater than 1024."),
        ("Hooks: {}\n" + BUCKET, "not implemented: Hooks"),
        ("Transform: {Parameters: {}}\n" + BUCKET,
         "Template format error: Every Transform member must be a string or have a Name."),
        ("Parameters: []\n" + BUCKET, "Template format error: [/Parameters] must be an object."),
        ("Parameters:\n" + BUCKET,
         "Template format error: [/Parameters] 'null' values are not allowed in templates"),
        ("Resources: {B: T}",
         "Template format error: [/Resources/B] Every Resources member must be an object."),
        ("Resources: {B: {Properties: {}}}",
         "Template format error: [/Resources/B] Every Resources object must contain a Type"
         " member."),
        ("Resources: {B: {Type: [T]}}",
         "Template format error: [/Resources/B] Every Resources object must contain a Type"
         " member."),
        ("Resources: {B: {Type: T, Properites: {}}}",
         "Invalid template resource property 'Properites'"),
        ("Resources: {B: {Type: T, Properties: [a]}}",
         "Template format error: [/Resources/B/Properties] must be an object."),
        ("Resources: {B: {Type: T, Properties: }}",
         "Template format error: [/Resources/B/Properties] 'null' values are not allowed in"
         " templates"),
        ("Resources: {B: {Type: T, Properties: {a: [1, null]}}}",
         "Template format error: [/Resources/B/Properties/a/1] 'null' values are not allowed in"
         " templates"),
        ("Resources: {B-C: {Type: T}}",
         "Template format error: Resource name B-C is non alphanumeric."),
        (f"Resources: {{{'B' * 256}: {{Type: T}}}}",
         f"Template format error: Resource name {'B' * 255}... is longer than 255 characters."),
        ("Resources: {B: {Type: T, DependsOn: {a: b}}}",
         "Template format error: Every DependsOn value must be a string."),
        ("Resources: {B: {Type: T, DependsOn: [C]}}",
         "Template format error: Unresolved resource dependencies [C] in the Resources block of"
         " the template"),
        ("Resources: {B: {Type: T, Condition: [a]}}",
         "Template format error: Every Condition member must be a string."),
        ("Resources: {B: {Type: T, Condition: C}}",
         "Template format error: Unresolved condition dependency C in the Resources block of the"
         " template"),
        ("Resources: {B: {Type: T, DeletionPolicy: Keep}}",
         "Template format error: Unrecognized DeletionPolicy Keep for resource B"),
        ("Resources: {B: {Type: T, UpdateReplacePolicy: RetainExceptOnCreate}}",
         "Template format error: Unrecognized UpdateReplacePolicy RetainExceptOnCreate for"
         " resource B"),
        ("Resources: {B: {Type: T, DeletionPolicy: !Ref AWS::Region}}",
         "Template format error: Every DeletionPolicy member must be a string."),
        ("Resources: {Fn::ForEach::X: [], B: {Type: T}}",
         "Template error: Encountered unsupported function: Fn::ForEach::X"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_frame_or_a_resource(text: str, message: str) -> None:
    assert messages(text)[0] == message


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ("{}", "Template format error: Every Parameters object must contain a Type member."),
        ("{Type: string}", "Template format error: Unrecognized parameter type: string"),
        ("{Type: List<AWS::EC2::KeyPair::KeyName>}",
         "Template format error: Unrecognized parameter type: List<AWS::EC2::KeyPair::KeyName>"),
        ("{Type: String, Foo: 1}", "Invalid template parameter property 'Foo'"),
        ("{Type: String, Default: [a]}",
         "Template format error: Every Default member must be a string."),
        ("{Type: String, Default: }",
         "Template format error: [/Parameters/P/Default] 'null' values are not allowed in"
         " templates"),
        ("{Type: String, AllowedValues: a}",
         "Template format error: Every AllowedValues member must be a list of strings."),
        ("{Type: String, AllowedPattern: [a]}",
         "Template format error: Every AllowedPattern member must be a string."),
        ("{Type: String, MinLength: a}",
         "Template format error: Every MinLength member must be a number."),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_parameter(parameter: str, message: str) -> None:
    """TG-112"""
    assert messages(f"Parameters: {{P: {parameter}}}\n{BUCKET}") == [message]


@pytest.mark.parametrize(
    "kind",
    ["String", "Number", "CommaDelimitedList", "List<Number>", "AWS::EC2::VPC::Id",
     "List<AWS::EC2::Subnet::Id>", "AWS::SSM::Parameter::Name", "AWS::EC2::KeyPair::KeyName",
     "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>",
     "AWS::SSM::Parameter::Value<List<String>>"],
)  # fmt: skip
def test_types_of_parameters(kind: str) -> None:
    """TG-112"""
    assert read(f"Parameters: {{P: {{Type: {kind}}}}}\n{BUCKET}").parameters["P"].type == kind


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("a", "Template format error: [/Mappings/M] Every Mappings member must be an object."),
        ("{a: b}", "Template format error: [/Mappings/M/a] Every Mappings member must be a map."),
        ("{a: {b: {c: d}}}",
         "Template format error: Every Mappings attribute must be a String or a List."),
        ("{a: {b: !Ref P}}",
         "Template format error: Every Mappings attribute must be a String or a List."),
        ("{a: {b_c: d}}",
         "Template format error: Mapping attribute name 'b_c' must contain only alphanumeric"
         " characters."),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_mapping(mapping: str, message: str) -> None:
    assert messages(f"Mappings: {{M: {mapping}}}\n{BUCKET}") == [message]


BOOLEAN = (
    "Template format error: Conditions can only be boolean operations on parameters and other"
    " conditions"
)


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ("A: 'true'", BOOLEAN),
        ("A: !Ref B", BOOLEAN),
        ("A: !Equals [!Ref B, 1]",
         "Template format error: Unresolved dependencies [B]. Cannot reference resources in the"
         " Conditions block of the template"),
        ("A: !Equals [!GetAtt B.Arn, 1]",
         "Template format error: Unresolved dependencies [B]. Cannot reference resources in the"
         " Conditions block of the template"),
        ("A: !Not [!Condition Z]",
         "Template format error: Unresolved condition dependency Z in the Conditions block of the"
         " template"),
        ("A: !Not [!Condition B]\n  B: !Not [!Condition A]",
         "Template format error: Circular dependency between conditions: [A, B]"),
        ("A: !Equals [1]",
         "Template error: every Fn::Equals object requires a list of 2 string parameters."),
        ("A: !And [!Condition A]",
         "Template error: every Fn::And object requires a list of at least 2 and at most 10"
         " boolean parameters."),
        ("A: !Not [1, 2]", "Template error: every Fn::Not object requires one boolean parameter."),
        ("A: !Equals [!ImportValue x, 1]",
         "Template error: Cannot use Fn::ImportValue in Conditions."),
        ("A: !Equals [!FindInMap [M, a, b], 1]",
         "Template error: Mapping named 'M' is not present in the 'Mappings' section of template."),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_condition(conditions: str, message: str) -> None:
    """TG-115"""
    assert messages(f"Conditions:\n  {conditions}\n{BUCKET}")[0] == message


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("{Ref: [a]}", "every Ref object must have a single String value."),
        ("{Fn::GetAtt: [S]}", "every Fn::GetAtt object requires two non-empty parameters"),
        ("!Sub [a]", "One or more Fn::Sub intrinsic functions don't specify expected arguments."),
        ("!Sub [!Ref S, {}]", "One or more Fn::Sub intrinsic functions don't specify expected"),
        ("!Sub '${S }'", "variable names in Fn::Sub syntax must contain only alphanumeric"),
        ("!Join [',']", "every Fn::Join object requires two parameters, (1) a string delimiter"),
        ("!Join [1, [a]]", "every Fn::Join object requires two parameters"),
        ("!Join [',', a]", "every Fn::Join object requires two parameters"),
        ("!Split [',', [a]]", "every Fn::Split object requires two parameters"),
        ("!Select [0]", "Fn::Select requires a list argument with two elements"),
        ("!FindInMap [a, b]", "every Fn::FindInMap object requires three parameters"),
        ("!Base64 [a]", "every Fn::Base64 object must have a String-typed value."),
        ("!Cidr [a]", "every Fn::Cidr object requires two or three parameters"),
        ("!GetAZs [a]", "every Fn::GetAZs object must have a String-typed value."),
        ("!ImportValue [a]", "every Fn::ImportValue object must have a String-typed value."),
        ("!If [c, a]", "Fn::If requires a list argument with the first element being a condition"),
        ("{Fn::Nope: a}", "Encountered unsupported function: Fn::Nope Supported functions are: ["),
        ("!Length [a]", "Encountered unsupported function: Fn::Length"),
        ("{Fn::Sub: a, b: c}", "Fn::Sub must be the only member of its object"),
        ("!GetAtt Z.Arn", "instance of Fn::GetAtt references undefined resource Z"),
        ("!Sub '${Z.Arn}'", "instance of Fn::Sub references invalid resource attribute Z.Arn"),
        ("!FindInMap [M, a, b]", "Mapping named 'M' is not present in the 'Mappings' section"),
        ("!ImportValue {Ref: S}", "the attribute in Fn::ImportValue must not depend on any"),
        ("!ImportValue {'Fn::Select': [0, !GetAZs '']}", "the attribute in Fn::ImportValue must"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_function(value: str, said: str) -> None:
    """TG-113, TG-114"""
    assert of_resource(value)[0].startswith(f"Template error: {said}")


@pytest.mark.parametrize(
    "value",
    ["!Ref S", "!Ref AWS::Partition", "!GetAtt S.A.B", "{Fn::GetAtt: S.A}", "!Sub 'x${!Y}'",
     "!Sub ['${y}', {y: 1}]", "!Select ['0', !Split [',', a]]", "!Select [0, [a]]",
     "!Cidr [a, 2]", "!GetAZs ''", "!ImportValue a", "!ImportValue {'Fn::Sub': '${AWS::Region}'}",
     "{Ref: a, b: c}", "{Condition: a}", "!Join ['', !Ref AWS::NotificationARNs]"],
)  # fmt: skip
def test_what_is_right(value: str) -> None:
    """TG-114, TG-116"""
    assert of_resource(value) == []


def test_functions_of_the_language_extensions_need_their_transform() -> None:
    """TG-114"""
    assert of_resource("!Length [!Ref S]", "Transform: AWS::LanguageExtensions") == []


def test_all_unresolved_names_are_in_the_first_message_and_each_has_its_place() -> None:
    """TG-113, TG-117"""
    text = "Resources: {R: {Type: T, Properties: {a: !Ref X, b: !Sub '${Y}${X}', c: !Ref AWS::Z}}}"
    _, problems = read_template(body(text))
    at = ("Resources", "R", "Properties")
    what = "Template format error: Unresolved resource dependencies"
    assert [(problem.path, problem.message) for problem in problems] == [
        ((*at, "a", "Ref"), f"{what} [X, Y, AWS::Z] in the Resources block of the template"),
        ((*at, "b", "Fn::Sub"), f"{what} [Y] in the Resources block of the template"),
        ((*at, "c", "Ref"), f"{what} [AWS::Z] in the Resources block of the template"),
    ]


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("{}", "Template format error: Every Outputs member must contain a Value object."),
        ("{Value: a, Foo: b}", "Invalid template output property 'Foo'"),
        ("{Value: !Ref Z}",
         "Template format error: Unresolved resource dependencies [Z] in the Outputs block of the"
         " template"),
        ("{Value: a, Condition: Z}",
         "Template format error: Unresolved condition dependency Z in the Outputs block of the"
         " template"),
        ("{Value: a, Export: b}",
         "Template format error: Output O is malformed. The Name field of every Export member must"
         " be specified and consist only of alphanumeric characters, colons, or hyphens."),
        ("{Value: a, Export: {Name: b c}}",
         "Template format error: Output O is malformed. The Name field of every Export member must"
         " be specified and consist only of alphanumeric characters, colons, or hyphens."),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_output(output: str, message: str) -> None:
    assert messages(f"{BUCKET}Outputs: {{O: {output}}}") == [message]


@pytest.mark.parametrize(
    ("resources", "circle"),
    [
        ("A: {Type: T, DependsOn: A}", "[A]"),
        ("A: {Type: T, DependsOn: B}\n  B: {Type: T, Properties: {x: !GetAtt A.y}}", "[A, B]"),
        ("B: {Type: T, Properties: {x: !Sub '${A}'}}\n  A: {Type: T, Metadata: {x: !Ref B}}\n"
         "  C: {Type: T, DependsOn: A}", "[A, B]"),
        ("A: {Type: T, DependsOn: B}\n  B: {Type: T}", ""),
        ("A: {Type: T, Properties: {x: !If [c, !Ref B, 1]}}\n  B: {Type: T, DependsOn: A}", ""),
        ("A: {Type: T, Condition: c, DependsOn: B}\n  B: {Type: T, DependsOn: A}", ""),
    ],
)  # fmt: skip
def test_circles_that_no_parameter_opens(resources: str, circle: str) -> None:
    """TG-117"""
    found = messages(f"Conditions: {{c: !Equals [a, b]}}\nResources:\n  {resources}\n")
    assert found == ([f"Circular dependency between resources: {circle}"] if circle else [])


@pytest.mark.parametrize(
    ("section", "member", "most"),
    [
        ("Resources", "{Type: T}", 500),
        ("Parameters", "{Type: String}", 200),
        ("Outputs", "{Value: 1}", 200),
        ("Mappings", "{a: {b: c}}", 200),
    ],
)
def test_limits(section: str, member: str, most: int) -> None:
    def with_members(count: int) -> str:
        members = "\n".join(f"  N{number}: {member}" for number in range(count))
        return f"{section}:\n{members}\n" + ("" if section == "Resources" else BUCKET)

    assert messages(with_members(most)) == []
    assert messages(with_members(most + 1)) == [
        f"Template format error: Number of {section.lower()}, {most + 1}, is greater than maximum"
        f" allowed, {most}"
    ]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("{}", "Template format error: Every Rules object must contain an Assertions member."),
        ("{Assertions: [{}]}",
         "Template format error: Every Assertions member must contain an Assert member."),
        ("{Assertions: [{Assert: !Equals [a, a]}], Foo: 1}",
         "Invalid template rule property 'Foo'"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_rule(rule: str, message: str) -> None:
    assert messages(f"Rules: {{R: {rule}}}\n{BUCKET}") == [message]


def test_before_its_transforms_only_parameters_and_mappings_are_read() -> None:
    text = """\
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Globals: {Function: {}}
Parameters: {P: {Type: String}}
Mappings: {M: {Fn::Transform: {Name: AWS::Include}}}
Resources: {F: {Type: AWS::Serverless::Function, Connectors: {}, Properties: {x: !Ref FRole}},
            Fn::ForEach::X: [i, [a], {}]}
"""
    template, problems = read_untransformed(body(text))
    assert problems == []
    assert template is not None
    assert template.parameters == {"P": Parameter("String")}
    assert template.transforms == ("AWS::LanguageExtensions", "AWS::Serverless-2016-10-31")
    assert template.resources == {}
    _, problems = read_untransformed(body("Parameters: {P: {}}\n" + BUCKET))
    assert [problem.path for problem in problems] == [("Parameters", "P")]


@pytest.mark.parametrize(
    ("transform", "found"),
    [("T", ("T",)), (["T", {"Name": "U"}], ("T", {"Name": "U"})), ({"Name": "U"},
     ({"Name": "U"},))],
)  # fmt: skip
def test_the_transforms_of_a_template(transform: Any, found: tuple[Any, ...]) -> None:
    assert transforms_of({"Transform": transform}) == found


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Ref", "Fn::Sub", "Fn::GetAtt", "Fn::If", "Fn::Join", "Condition", ""]
            ),
            inner,
            max_size=2,
        )
    ),
    max_leaves=8,
)


def paths(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = (
        tree.items()
        if isinstance(tree, dict)
        else enumerate(tree if isinstance(tree, list) else ())
    )
    return [path] + [one for key, value in inner for one in paths(value, (*path, key))]


PATHS = paths(body(WHOLE))[1:]


@settings(max_examples=500)
@given(st.sampled_from(PATHS), VALUES)
def test_any_value_in_any_place(path: tuple[Any, ...], value: Any) -> None:
    tree: Any = copy.deepcopy(body(WHOLE))
    inner = tree
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    for reading in (read_template, read_untransformed):
        template, problems = reading(tree)
        assert (template is None) == bool(problems)


def test_sixty_resources_are_read_in_tens_of_milliseconds() -> None:
    resource = "\n  R{n}:\n    Type: AWS::CodeBuild::Project\n    Properties:\n" + "".join(
        f"      P{i}: {{a: !Sub 'x${{AWS::Region}}-{{n}}', b: [!GetAtt R0.Arn, c, 1]}}\n"
        for i in range(12)
    )
    text = "Resources:" + "".join(resource.replace("{n}", str(n)) for n in range(1, 60))
    text += resource.replace("{n}", "0").replace("!GetAtt R0.Arn", "y")
    best = 9.0
    for _ in range(3):
        started = time.perf_counter()
        assert len(read(text).resources) == 60
        best = min(best, time.perf_counter() - started)
    assert best < 0.5
